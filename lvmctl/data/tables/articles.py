"""The small columns of tables → articles: which row is which chunk of which article."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lvmctl.core.errors import DataError, refuse
from lvmctl.core.formatting import count
from lvmctl.core.json_input import parse_json
from lvmctl.data.collapse import Layout, collapse
from lvmctl.data.npz.members import running_count
from lvmctl.data.store.manifest import MOST_CHUNKS, entry_fault

ROLES = ("article", "position", "id", "title", "split", "fields")
"""What small columns say."""
SPLIT_NAMES = {
    **dict.fromkeys(("validation", "valid", "dev"), "val"),
    "training": "train",
    "testing": "test",
}
"""Other names of splits."""
MAX_GAPS = 0.1
"""Share of the steps that may skip places; beyond it, positions only give the order."""


class Articles:
    """Takes the rows of tables in order.

    Args:
        name: of the tables, for messages.
        exported: the tables are an exported store, so positions count from 0.

    Attributes:
        notices: what a user should hear, one line each.
    """

    def __init__(self, name: str, exported: bool = False) -> None:
        self.notices: list[str] = []
        self._name, self._exported = name, exported
        self._numbers: dict[tuple[Any, Any], int] = {}
        self._entries: list[dict[str, Any]] = []
        self._codes: list[np.ndarray] = []
        self._positions: list[np.ndarray] = []

    def add(
        self,
        split: str | None,
        keys: Sequence[Any],
        lengths: np.ndarray,
        given: Mapping[str, Sequence[Any]],
        name: str,
        first: int,
    ) -> None:
        """Append rows.

        Args:
            split: that of their table, if it has one.
            keys: what tells their articles apart.
            lengths: (n,) chunks of each row.
            given: cells of the rows by role.
            name: of their table, for messages.
            first: the number of the first row there.
        """
        splits = given.get("split") or [None] * len(keys)
        codes = np.empty(len(keys), np.int64)
        for at, (key, own) in enumerate(zip(keys, splits)):
            where = f"{name} row {first + at}"
            refuse(key is None, "names no article", where, "give every row its article")
            code = self._numbers.setdefault((split, key), len(self._entries))
            if code == len(self._entries):
                cells = {role: column[at] for role, column in given.items() if role != "position"}
                self._entries.append(_entry(split, cells, where))
            elif own is not None and self._entries[code].get("split") != _split_name(own):
                what = f"is in split {own}, its article in {self._entries[code].get('split')}"
                raise DataError(what, where=where, hint="an article is of one split")
            codes[at] = code
        self._codes.append(np.repeat(codes, lengths))
        if "position" in given:
            for at, cell in enumerate(given["position"]):
                where = f"{name} row {first + at}"
                wrong = cell is None or abs(cell) >= MOST_CHUNKS
                hint = "number the chunks of an article from 0"
                refuse(wrong, "has no usable position", where, hint)
            self._positions.append(np.array(given["position"], np.int64))

    def arrange(self) -> tuple[Layout, list[dict[str, Any]]]:
        """Rows in the order of articles and places, and the entry of each article.

        Articles that are numbered come in the order of their numbers, others as they first appear.
        A gap in the places ends an article.
        """
        code = np.concatenate(self._codes)
        if empty := len(self._entries) - len(np.unique(code)):
            self.notices.append(f"{self._name}: {count(empty, 'row')} without chunks left out")
        entries = self._entries
        if all(isinstance(key, int) for _, key in self._numbers):
            ranks = {pair: rank for rank, pair in enumerate(_by_number(self._numbers))}
            rank = np.array([ranks[pair] for pair in self._numbers], np.int64)
            entries = [entries[at] for at in np.argsort(rank)]
            code = rank[code]
        if self._positions:
            place = self._places(code, np.concatenate(self._positions))
        else:
            place = running_count(code)
        order = np.argsort(code, kind="stable")
        laid = collapse(code[order], place[order], self._name)
        source = order[laid.source]
        if len(source) < len(code):
            twice = np.flatnonzero(np.bincount(laid.chunk) > 1)[0]
            one, other = np.sort(order[laid.chunk == twice])[:2]
            what = f"rows {one} and {other} are both chunk {place[one]} of an article"
            hint = "check --columns article=… and position=…"
            raise DataError(what, where=self._name, hint=hint)
        starts = np.cumsum(laid.lengths) - laid.lengths
        arranged = [
            entries[number] | ({"first": first} if first else {})
            for number, first in zip(code[source[starts]].tolist(), laid.first.tolist())
        ]
        return Layout(source, laid.chunk, laid.lengths, laid.first), arranged

    def _places(self, code: np.ndarray, position: np.ndarray) -> np.ndarray:
        """Places in articles: the positions, or their ranks where they are no count of chunks."""
        order = np.lexsort((position, code))
        step = np.diff(position[order])[np.diff(code[order]) == 0]
        gaps = int((step > 1).sum())
        if position.min() >= 0 and gaps <= MAX_GAPS * len(step):
            if gaps:
                what = f"chunks are missing at {count(gaps, 'place')}; articles are cut there"
                self.notices.append(f"{self._name}: {what}")
            from_one = position.min() == 1 and not self._exported
            return position - 1 if from_one else position
        what = "positions are no count of chunks from 0: they give the order alone"
        self.notices.append(f"{self._name}: {what}")
        place = np.empty(len(code), np.int64)
        place[order] = running_count(code[order])
        return place


def _by_number(keys: Mapping[tuple[Any, Any], int]) -> list[tuple[Any, Any]]:
    """Keys of articles: split by split as they first came, in each by the number of the article."""
    splits = {split: at for at, split in enumerate(dict.fromkeys(split for split, _ in keys))}
    return sorted(keys, key=lambda pair: (splits[pair[0]], pair[1]))


def _split_name(name: Any) -> Any:
    return SPLIT_NAMES.get(str(name).lower(), str(name).lower())


def _entry(split: str | None, cells: Mapping[str, Any], where: str) -> dict[str, Any]:
    """The manifest's entry of the article whose first row has these cells."""
    entry: dict[str, Any] = {}
    name = cells.get("id", cells.get("article"))
    if name is not None:
        entry["id"] = name
    if cells.get("title") is not None:
        entry["title"] = cells["title"]
    if cells.get("split") is not None:
        split = _split_name(cells["split"])
    if split is not None:
        entry["split"] = split
    if cells.get("fields"):
        hint = "leave the column out with --columns fields="
        fields = cells["fields"]
        refuse(not isinstance(fields, str | bytes), "has damaged fields", where, hint)
        fields = parse_json(fields, f"{where}: fields", DataError, hint)
        refuse(not isinstance(fields, dict), "has damaged fields", where, hint)
        entry |= fields
    fault = entry_fault(entry)
    refuse(fault, fault or "", where, "correct the split, or leave it out with --columns split=")
    return entry

"""JSON strings in a file, one a line: the texts of chunks, looked up by row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from pathlib import Path
from typing import overload

import numpy as np

from lvmctl.core.errors import DataError, refuse
from lvmctl.core.hashes import Entry, require_recorded
from lvmctl.core.inputs import open_data
from lvmctl.core.json_input import parse_json

BLOCK_BYTES = 1 << 18
"""Bytes of the file that are looked through at a time."""

HINT = "delete chunks.jsonl, which is optional, or write the store again"
"""What to do about a damaged file of texts."""


class TextLines(Sequence[str]):
    """The strings by number, read when they are asked for. Where each begins is found at once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        ends = [np.zeros(1, np.int64)]
        with open_data(path) as file:
            while block := file.read(BLOCK_BYTES):
                breaks = np.flatnonzero(np.frombuffer(block, np.uint8) == ord("\n"))
                ends.append(breaks + (file.tell() - len(block) + 1))
            size = file.tell()
        self._bounds = np.concatenate(ends)
        if self._bounds[-1] != size:  # the last line has no line break
            self._bounds = np.append(self._bounds, size)
        self._rows = np.arange(len(self._bounds) - 1)

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[str]:
        with open_data(self.path) as file:
            for row in self._rows:
                file.seek(self._bounds[row])
                line = file.read(int(self._bounds[row + 1] - self._bounds[row]))
                where = f"{self.path}:{row + 1}"
                text = parse_json(line, where, DataError, HINT)
                refuse(not isinstance(text, str), "is not a string", where, HINT)
                yield text

    @overload
    def __getitem__(self, index: int) -> str: ...

    @overload
    def __getitem__(self, index: slice) -> list[str]: ...

    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return list(self._of(self._rows[index]))
        return next(iter(self.take([index])))

    def take(self, rows: Iterable[int]) -> TextLines:
        """The lines numbered ``rows``, in their order."""
        rows = np.array(rows, np.int64)
        last = rows.max(initial=-1)
        what = f"has {len(self)} lines, none for chunk {last}"
        refuse(last >= len(self), what, self.path, HINT)
        return self._of(self._rows[rows])

    def _of(self, rows: np.ndarray) -> TextLines:
        taken = copy(self)
        taken._rows = rows
        return taken


def check_texts(path: Path, files: dict[str, Entry], chunks: int) -> None:
    """Refuse a file of texts that is not what the entries ``files`` say of it or, where they say
    nothing, has another number of lines than ``chunks``: each chunk would have another's text."""
    require_recorded(path, files, DataError, HINT)
    if path.name not in files:
        lines = len(TextLines(path))
        refuse(lines != chunks, f"has {lines:,} lines for {chunks:,} chunks", path, HINT)

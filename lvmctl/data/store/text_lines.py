"""The texts of a store's chunks, looked up by row without reading all of them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from lvmctl.core.errors import DataError, refuse
from lvmctl.core.hashes import Entry, require_recorded
from lvmctl.core.inputs import open_data
from lvmctl.core.json_input import parse_json

BLOCK_BYTES = 1 << 22
"""Bytes of the file that are looked through at a time."""

HINT = "delete chunks.jsonl, which is optional, or write the store again"
"""What to do about a damaged file of texts."""


class TextLines:
    """The lines of ``chunks.jsonl`` by number; where each begins is found in one pass.

    Args:
        path: the file, a JSON string a line.
        hint: what to do about a damaged one.
    """

    def __init__(self, path: Path, hint: str) -> None:
        self.path, self.hint = path, hint
        ends = [np.zeros(1, np.int64)]
        with open_data(path) as file:
            while block := file.read(BLOCK_BYTES):
                breaks = np.flatnonzero(np.frombuffer(block, np.uint8) == ord("\n"))
                ends.append(breaks + (file.tell() - len(block) + 1))
            size = file.tell()
        self.bounds = np.concatenate(ends)
        if self.bounds[-1] != size:  # the last line has no line break
            self.bounds = np.append(self.bounds, size)

    def read(self, rows: Iterable[int]) -> list[str]:
        """The texts of some rows, in their order.

        Raises:
            DataError: the file has no such line, or it is no JSON string.
        """
        texts = []
        with open_data(self.path) as file:
            for row in map(int, rows):
                what = f"has {len(self.bounds) - 1} lines, none for chunk {row}"
                refuse(row >= len(self.bounds) - 1, what, self.path, self.hint)
                file.seek(self.bounds[row])
                line = file.read(int(self.bounds[row + 1] - self.bounds[row]))
                texts.append(parsed(line, f"{self.path}:{row + 1}", self.hint))
        return texts


def check_texts(path: Path, files: dict[str, Entry], chunks: int) -> None:
    """Refuse a file of texts that is not what the entries ``files`` say of it or, where they say
    nothing, has another number of lines than ``chunks``: each chunk would have another's text."""
    require_recorded(path, files, DataError, HINT)
    if path.name not in files:
        lines = len(TextLines(path, HINT).bounds) - 1
        what = f"has {lines:,} lines for {chunks:,} chunks"
        refuse(lines != chunks, what, path, HINT)


def parsed(line: bytes, where: str, hint: str) -> str:
    """The text of a line; a DataError where it is no JSON string."""
    text = parse_json(line, where, DataError, hint)
    refuse(not isinstance(text, str), "is not a string", where, hint)
    return str(text)

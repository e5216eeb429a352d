"""Writing vectors, to one file or to several of a size."""

from __future__ import annotations

import io
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.lib import format as npy

from lvmctl.core.hashes import Entry, entry_of
from lvmctl.data.store.store import VECTORS


class VectorFiles:
    """Takes rows (n, D) in order and writes them to ``.npy`` files.

    Args:
        rows_per_file: None writes one file, ``vectors.npy``; a number writes
            ``vectors-00001.npy``, ``vectors-00002.npy``, …, all of so many rows but the last.

    Attributes:
        names: the files so far.
        entries: what is to be recorded of them, but of a single file nothing: the content hash
            covers it, and it is not read a second time.
    """

    def __init__(
        self, directory: Path, dim: int, dtype: np.dtype, rows_per_file: int | None = None
    ) -> None:
        self.directory, self.dim, self.dtype = directory, dim, dtype
        self.rows_per_file = rows_per_file
        self.names: list[str] = []
        self.entries: dict[str, Entry] = {}
        self._rows = 0
        self._file: BinaryIO = self._next()

    def write(self, rows: np.ndarray) -> None:
        """Append rows (n, D) that lie in C order."""
        while len(rows):
            room = len(rows) if self.rows_per_file is None else self.rows_per_file - self._rows
            if not room:
                self.finish()
                self._file = self._next()
                continue
            self._file.write(memoryview(rows[:room]).cast("B"))
            self._rows += len(rows[:room])
            rows = rows[room:]

    def finish(self) -> None:
        """Complete the file that is being written."""
        self._file.seek(0)
        self._file.write(self._header())
        self._file.close()
        if self.rows_per_file is not None:  # read again while the system still has it in memory
            self.entries[self.names[-1]] = entry_of(self.directory / self.names[-1])

    def close(self) -> None:
        """Close the files; harmless when they are closed."""
        self._file.close()

    def _next(self) -> BinaryIO:
        one = self.rows_per_file is None
        self.names.append(VECTORS if one else f"vectors-{len(self.names) + 1:05d}.npy")
        self._rows = 0
        file = open(self.directory / self.names[-1], "wb")  # noqa: SIM115
        file.write(self._header())
        return file

    def _header(self) -> bytes:
        # numpy pads the header so that the number of rows can grow in place.
        buffer = io.BytesIO()
        shape = (self._rows, self.dim)
        fields = {"descr": self.dtype.str, "fortran_order": False, "shape": shape}
        npy.write_array_header_1_0(buffer, fields)
        return buffer.getvalue()

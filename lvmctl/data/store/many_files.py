"""Vectors in several array files, read as one array."""

from __future__ import annotations

import mmap
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from lvmctl.core.errors import DataError, refuse
from lvmctl.core.hashes import Entry, require_recorded
from lvmctl.data.store.arrays import Header, check_size, map_array, mappings_of, read_npy_header

MAX_MAPPED = 128
"""Files that are mapped at once: each costs a descriptor, of which a process has 1,024."""

_RESTORE = "restore it, or write the store again"


class ManyFiles:
    """Rows (N, D) that lie in several ``.npy`` files, one file after another.

    It is indexed as an array is, by rows: ``rows[3]``, ``rows[2:9]`` (a view where one file holds
    them, else a copy), ``rows[index]`` for integers of any shape or a mask. A file is mapped when
    a row of it is read; the maps that were not used for longest are given up.

    Attributes:
        starts: (F+1,) int64 the first row of each file, and N.
        dtype: float32 or float16, of all files.
    """

    ndim = 2

    def __init__(self, paths: Sequence[Path], headers: Sequence[Header]) -> None:
        self.paths, self._headers = list(paths), list(headers)
        self.starts = np.cumsum([0, *(header.shape[0] for header in headers)])
        self.dtype: np.dtype = headers[0].dtype
        self.shape = (int(self.starts[-1]), headers[0].shape[1])
        self._recorded: Mapping[str, Entry] = {}
        self._checked: set[int] = set()
        self._mapped: OrderedDict[int, np.ndarray] = OrderedDict()
        self._lock = threading.Lock()

    @classmethod
    def open(cls, directory: Path, names: Sequence[str]) -> ManyFiles:
        """The files ``names`` of a directory; their headers and sizes are checked, and no data is
        read."""
        paths = [directory / name for name in names]
        refuse(not paths, "lists no files of vectors", directory, "write the store again")
        headers = []
        for path in paths:
            what = "is missing, and the store's manifest lists it"
            refuse(not path.is_file(), what, path, _RESTORE)
            header, available = read_npy_header(path)
            check_size(header, available, path)
            first = headers[0] if headers else header
            what = f"has rank {len(header.shape)} (shape {header.shape}), vectors are (chunks, dim)"
            refuse(len(header.shape) != 2, what, path, _RESTORE)
            what = f"is {header.dtype}, {names[0]} is {first.dtype}"
            refuse(header.dtype != first.dtype, what, path, _RESTORE)
            what = f"has {header.shape[1]} columns, {names[0]} has {first.shape[1]}"
            refuse(header.shape[1] != first.shape[1], what, path, _RESTORE)
            headers.append(header)
        return cls(paths, headers)

    def expect(self, recorded: Mapping[str, Entry]) -> None:
        """Compare each file with its entry when it is first mapped."""
        self._recorded = recorded

    @property
    def itemsize(self) -> int:
        """Bytes of a number."""
        return self.dtype.itemsize

    @property
    def rows_per_file(self) -> int:
        """Rows of the largest file."""
        return int(np.diff(self.starts).max())

    def __len__(self) -> int:
        return self.shape[0]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self[:], dtype)

    def __getitem__(self, index: Any) -> np.ndarray:
        if isinstance(index, slice):
            low, high, step = index.indices(len(self))
            if step == 1:
                return self._between(low, max(low, high))
            return self._at(np.arange(low, high, step))
        index = np.asarray(index)
        if index.dtype == bool:
            if index.shape != (len(self),):
                raise IndexError(f"a mask of shape {index.shape} for {len(self)} rows")
            index = np.flatnonzero(index)
        if index.size and not np.issubdtype(index.dtype, np.integer):
            raise IndexError(f"rows are indexed by integers, not {index.dtype}")
        return self._at(index.astype(np.int64))

    def _between(self, low: int, high: int) -> np.ndarray:
        """Rows ``low:high``."""
        first, last = self.file_of(np.array([low, high - 1]))
        if high <= low:
            return np.empty((0, self.shape[1]), self.dtype)
        parts = []
        for number in range(first, last + 1):
            start, end = self.starts[number], self.starts[number + 1]
            if start < end:
                parts.append(self.file(number)[max(low - start, 0) : high - start])
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _at(self, index: np.ndarray) -> np.ndarray:
        """Rows by their numbers (…), which may count from the end → (…, D)."""
        rows = index.reshape(-1)
        rows = np.where(rows < 0, rows + len(self), rows)
        outside = (rows < 0) | (rows >= len(self))
        if outside.any():
            raise IndexError(f"there is no row {rows[outside][0]}: there are {len(self)}")
        number = self.file_of(rows)
        gathered = np.empty((len(rows), self.shape[1]), self.dtype)
        order = np.argsort(number, kind="stable")
        edges = np.flatnonzero(np.diff(number[order], prepend=-1, append=-1))
        for low, high in zip(edges[:-1].tolist(), edges[1:].tolist()):
            chosen = order[low:high]
            file = int(number[chosen[0]])
            gathered[chosen] = self.file(file)[rows[chosen] - self.starts[file]]
        return gathered.reshape(*index.shape, self.shape[1])

    def file_of(self, rows: np.ndarray) -> np.ndarray:
        """The number of the file that holds each row (n,)."""
        return np.searchsorted(self.starts, rows, side="right") - 1

    def file(self, number: int) -> np.ndarray:
        """The rows of one file, mapped."""
        with self._lock:
            if number in self._mapped:
                self._mapped.move_to_end(number)
                return self._mapped[number]
            path, header = self.paths[number], self._headers[number]
            if number not in self._checked:
                require_recorded(path, dict(self._recorded), DataError)
                self._checked.add(number)
            try:
                available = path.stat().st_size - header.start
            except OSError as error:
                raise DataError(f"cannot be read: {error.strerror}", where=path) from error
            rows = map_array(path, header, available, path)
            self._mapped[number] = rows
            if len(self._mapped) > MAX_MAPPED:
                self._mapped.popitem(last=False)
            return rows

    def mappings(self) -> list[mmap.mmap]:
        """The maps of the files that are mapped now."""
        with self._lock:
            return [each for rows in self._mapped.values() for each in mappings_of(rows)]


StoredVectors: TypeAlias = np.ndarray | ManyFiles
"""Vectors (N, D) as a store has them: an array, or one of several files that is read as one."""

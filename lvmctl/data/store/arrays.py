"""Array files, checked before they are mapped and never unpickled."""

from __future__ import annotations

import io
import math
import mmap
import struct
import tempfile
import tokenize
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.lib import format as npy

from lvmctl.core.errors import DataError, refuse
from lvmctl.core.files import output_errors
from lvmctl.core.inputs import open_input

if TYPE_CHECKING:
    from lvmctl.data.store.many_files import StoredVectors

BLOCK_BYTES = 1 << 25
"""Bytes of vectors worked on at a time (32 MiB): what bounds the memory of every long job."""


_BAD_HEADER = (
    *(ValueError, TypeError, LookupError, OverflowError, EOFError, struct.error),
    *(SyntaxError, tokenize.TokenError, MemoryError, RecursionError),
)
"""What NumPy's header parser, which evaluates a Python literal, raises for damaged bytes."""


class PickledError(DataError):
    """An object array: its data is a pickle."""


@dataclass(frozen=True)
class Header:
    """What an ``.npy`` header promises: type, shape, and where the data starts in its file."""

    dtype: np.dtype
    shape: tuple[int, ...]
    fortran: bool
    start: int

    @property
    def size(self) -> int:
        """Bytes of data."""
        return math.prod(self.shape) * self.dtype.itemsize


def read_header(file: BinaryIO, where: object) -> Header:
    """The header at the start of an array file, where the file's position must be; a DataError
    where it is none, a PickledError where it is of Python objects."""
    try:
        version = npy.read_magic(file)
        read = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}[version]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of headers that Python 2 wrote, or that look so
            shape, fortran, dtype = read(file)
    except _BAD_HEADER as error:
        what = "is not an .npy array, or its header is damaged"
        raise DataError(what, where=where, hint="write it again") from error
    if dtype.hasobject:
        what = "holds pickled Python objects, which are never loaded"
        raise PickledError(what, where=where, hint="save it as a plain numeric array")
    return Header(dtype, shape, fortran and len(shape) > 1, file.tell())


def check_size(header: Header, available: int, where: object) -> None:
    """Refuse a file whose ``available`` bytes of data are not what its header says."""
    promised = f"its header promises {header.size:,} bytes of data"
    what = f"is truncated: {promised}, {available:,} are there"
    refuse(header.size > available, what, where, "copy or write it again")
    what = f"is {available - header.size:,} bytes longer than its header says"
    refuse(header.size < available, what, where, "write it again")


def map_array(path: Path, header: Header, available: int, where: object) -> np.ndarray:
    """Map the data read-only; a DataError where the ``available`` bytes are not what the header
    says."""
    check_size(header, available, where)
    try:
        if header.size == 0:
            return np.empty(header.shape, header.dtype)
        order = "F" if header.fortran else "C"
        return np.memmap(path, header.dtype, "r", header.start, header.shape, order)
    except (ValueError, OverflowError, MemoryError) as error:
        what = f"has an impossible shape {header.shape}"
        raise DataError(what, where=where, hint="write it again") from error


def open_npy(path: Path, *, any_order: bool = False) -> np.ndarray:
    """Map an ``.npy`` file read-only, without reading its data; a DataError where it is missing,
    no plain array, truncated, or in Fortran order unless ``any_order``."""
    return map_array(path, *read_npy_header(path, any_order=any_order), path)


def read_npy_header(path: Path, *, any_order: bool = False) -> tuple[Header, int]:
    """The header of an ``.npy`` file and the bytes of data behind it; a DataError as of
    :func:`open_npy`, but that the bytes may be too few."""
    try:
        with open_input(path) as file:
            header = read_header(file, path)
            available = file.seek(0, 2) - header.start
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", where=path) from error
    wrong_order = header.fortran and not any_order
    refuse(wrong_order, "is in Fortran order", path, "save numpy.ascontiguousarray of it")
    return header, available


def npz_bytes(arrays: Mapping[str, np.ndarray]) -> bytes:
    """An NPZ file, the same bytes for the same arrays: it has no date, which np.savez writes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, values in arrays.items():
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as member:
                npy.write_array(member, np.asanyarray(values), allow_pickle=False)
    return buffer.getvalue()


def blocks(rows: int, row_bytes: int) -> Iterator[tuple[int, int]]:
    """Bounds ``(low, high)`` that cut ``rows`` rows into blocks of at most BLOCK_BYTES."""
    step = max(1, BLOCK_BYTES // max(1, row_bytes))
    for low in range(0, rows, step):
        yield low, min(rows, low + step)


@contextmanager
def written_rows(rows: int, dim: int, dtype: Any) -> Iterator[tuple[BinaryIO, np.ndarray]]:
    """A temporary file to write rows (N, D) into and its map, which outlives the block. What is
    not written is a hole, which takes no space.

    Raises:
        OutputError: the disk is full; rows written through a map would end in a SIGBUS.
    """
    with output_errors(tempfile.gettempdir()), tempfile.TemporaryFile(prefix="lvmctl-") as file:
        file.truncate(rows * dim * np.dtype(dtype).itemsize)
        mapped = np.memmap(file, dtype, "r", shape=(rows, dim))
        file.seek(0)  # the map left it at the end
        yield file, mapped
        file.flush()


def in_row_order(array: np.ndarray) -> np.ndarray:
    """An array (rows, …) that lies in Fortran order, copied to a temporary file in C order."""
    width = math.prod(array.shape[1:])
    with written_rows(len(array), width, array.dtype) as (file, rows):
        for low, high in blocks(len(array), width * array.itemsize):
            file.write(np.ascontiguousarray(array[low:high]).data)
        release(array)
    return rows.reshape(array.shape)


def release(array: StoredVectors) -> None:
    """Let the system take back the memory of mapped pages, which stay on disk."""
    for mapping in mappings_of(array):
        if hasattr(mapping, "madvise"):
            mapping.madvise(mmap.MADV_DONTNEED)


def require_mapped(array: StoredVectors, where: object) -> None:
    """Refuse a mapped array whose file was truncated: reading it would end in a SIGBUS."""
    for mapping in mappings_of(array):
        lost = len(mapping) - mapping.size()
        what = f"its vectors were truncated by {lost:,} bytes while they were read"
        hint = "restore the store and try again; a training goes on with --resume"
        refuse(lost > 0, what, where, hint)


def mappings_of(array: StoredVectors) -> list[mmap.mmap]:
    """The maps of the files that an array, or one of many files, lies in; none in memory."""
    if not isinstance(array, np.ndarray):
        return array.mappings()
    while isinstance(array.base, np.ndarray):
        array = array.base
    return [array.base] if isinstance(array.base, mmap.mmap) else []


def unit(rows: np.ndarray) -> np.ndarray:
    """``rows`` (..., D) as float32, each divided by its norm."""
    rows = rows.astype(np.float32, copy=False)
    return rows / np.sqrt(np.einsum("...d,...d->...", rows, rows))[..., None]


def unit64(rows: np.ndarray) -> np.ndarray:
    """``rows`` (..., D) as float64, each divided by its norm."""
    rows = rows.astype(np.float64)
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)

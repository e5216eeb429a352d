"""NPZ archives: members mapped in place or spooled to a temporary file, never unpickled."""

from __future__ import annotations

import errno
import lzma
import shutil
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy

from lvmctl.core.errors import DataError, OutputError, refuse
from lvmctl.core.inputs import open_input
from lvmctl.data.store.arrays import BLOCK_BYTES, PickledError, map_array, read_header

BOMB_BYTES, BOMB_RATIO = 1 << 30, 100
"""A member that grows beyond both is refused: vectors never shrink a hundredfold."""

_DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError),
    *(ValueError, LookupError, OverflowError, RuntimeError),
)
"""What reading a damaged archive raises; of ``OSError``, those of a place that cannot be (EINVAL)
and of bytes that cannot be decompressed (without a number)."""


class Npz:
    """An open archive; see :func:`open_npz`.

    Attributes:
        path: the file.
        pickled: keys of object arrays, which hold pickled Python objects.
        used: keys that were read.
    """

    def __init__(self, path: Path, archive: zipfile.ZipFile, trust_pickle: bool) -> None:
        self.path = path
        self._archive = archive
        self._trust = trust_pickle
        self._members = {
            info.filename.removesuffix(".npy"): info
            for info in archive.infolist()
            if info.filename.endswith(".npy")
        }
        self.pickled = [key for key in self._members if self._is_pickled(key)]
        self.used: set[str] = set()

    def __contains__(self, key: str) -> bool:
        return key in self._members

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def readable(self, key: str) -> bool:
        """Whether a member may be read: it is plain, or trusted."""
        return self._trust or key not in self.pickled

    def where(self, key: str) -> str:
        """How messages call a member."""
        return f"{self.path}[{key}]"

    def array(self, key: str) -> np.ndarray:
        """A member as a read-only array that stays on disk."""
        info = self._members[key]
        self.used.add(key)
        if key in self.pickled:
            values = self.unpickle(key).tolist()
            try:
                return np.asarray(values)
            except ValueError as error:
                what, hint = "holds lists of unequal lengths", "write one value per window or row"
                raise DataError(what, where=self.where(key), hint=hint) from error
        with self._errors(key):
            if info.compress_type == zipfile.ZIP_STORED:
                return self._map(key, info)
            return self._spool(key, info)

    def unpickle(self, key: str) -> np.ndarray:
        """An object array, by running its pickle; a PickledError where it is not trusted."""
        if not self._trust:
            what = "holds pickled Python objects, which can run code when loaded"
            hint = "pass --trust-pickle if you trust the file"
            raise PickledError(what, where=self.where(key), hint=hint)
        self.used.add(key)
        with self._errors(key), self._archive.open(self._members[key]) as stream:
            try:
                return npy.read_array(stream, allow_pickle=True)
            except Exception as error:  # a pickle runs code of its own, which may raise anything
                what = f"cannot be unpickled ({error})"
                raise DataError(what, where=self.where(key), hint="leave it out") from error

    def _is_pickled(self, key: str) -> bool:
        with self._errors(key), self._archive.open(self._members[key]) as stream:
            try:
                read_header(stream, self.where(key))
            except PickledError:
                return True
        return False

    def _map(self, key: str, info: zipfile.ZipInfo) -> np.ndarray:
        with open_input(self.path) as file:
            file.seek(info.header_offset)
            local = file.read(30)
            names = int.from_bytes(local[26:28], "little") + int.from_bytes(local[28:30], "little")
            start = info.header_offset + 30 + names
            _check_crc(file, start, info.file_size, info.CRC)
            file.seek(start)
            header = read_header(file, self.where(key))
        available = start + info.file_size - header.start
        return map_array(self.path, header, available, self.where(key))

    def _spool(self, key: str, info: zipfile.ZipInfo) -> np.ndarray:
        where = self.where(key)
        what = f"would grow from {info.compress_size:,} to {info.file_size:,} bytes"
        hint = "this is no array of vectors; save it without compression if it really is"
        bomb = info.file_size > max(BOMB_BYTES, BOMB_RATIO * info.compress_size)
        refuse(bomb, what, where, hint)
        _check_room(info.file_size, where)
        with (
            self._archive.open(info) as stream,
            tempfile.NamedTemporaryFile(prefix="lvmctl-") as file,
        ):
            header = read_header(stream, where)
            shutil.copyfileobj(stream, file, BLOCK_BYTES)
            file.flush()
            header = replace(header, start=0)
            return map_array(Path(file.name), header, file.tell(), where)

    @contextmanager
    def _errors(self, key: str) -> Iterator[None]:
        try:
            yield
        except (*_DAMAGED, OSError) as error:
            if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
                raise
            hint = "copy or write the file again"
            raise DataError(f"is damaged ({error})", where=self.where(key), hint=hint) from error


@contextmanager
def open_npz(path: Path, trust_pickle: bool = False) -> Iterator[Npz]:
    """Open an NPZ file, whose object arrays are unpickled where ``trust_pickle`` allows it. Arrays
    taken from it outlive the block."""
    try:
        open_input(path).close()
        archive = zipfile.ZipFile(path)
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", where=path) from error
    except _DAMAGED as error:
        with open_input(path) as file:
            cut = file.read(4) == b"PK\x03\x04"
        what = "is truncated: the list of its arrays is missing" if cut else "is not an NPZ file"
        raise DataError(what, where=path, hint="copy or write it again") from error
    with archive:
        yield Npz(path, archive, trust_pickle)


def _check_crc(file: Any, start: int, size: int, expected: int) -> None:
    file.seek(start)
    crc, left = 0, size
    while left > 0 and (data := file.read(min(left, BLOCK_BYTES))):
        crc = zlib.crc32(data, crc)
        left -= len(data)
    if left or crc != expected:
        raise zipfile.BadZipFile("its checksum does not match")


def _check_room(size: int, where: str) -> None:
    free = shutil.disk_usage(tempfile.gettempdir()).free
    if size > free:
        what = f"needs {size:,} bytes in {tempfile.gettempdir()}, {free:,} are free"
        hint = "free some space, or point TMPDIR to another disk"
        raise OutputError(what, where=where, hint=hint)

"""An embedding that is under way: kept beside the store it becomes, so that it can go on."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from filelock import FileLock, Timeout

from lvmctl.core.errors import DataError, LvmctlError, OutputError
from lvmctl.core.files import jsonable, output_errors, write_json
from lvmctl.core.inputs import open_data
from lvmctl.core.json_input import read_json, require
from lvmctl.core.reporter import Reporter
from lvmctl.data.store.store import MANIFEST
from lvmctl.data.text.corpus import Lines

SUFFIX = ".embedding"
LOCK = ".lock"
STATE = "state.json"
ROWS = "rows.f32"
BLOCK = 256
"""Chunks that are encoded together, always the same ones, so that what goes on has the bits of what
was never interrupted."""

SCHEMA = {"key": object, "fitted_on": str, "dim": (int, None), "done": int}
"""What the state of an embedding holds."""

SAVE_S = 2.0
"""Seconds after which the vectors so far are put on the disk."""


class Unfinished:
    """The vectors of a corpus, as many as there are, in a directory of their own.

    Args:
        directory: where they are, with the chunks and what a fitted encoder learned.

    Attributes:
        state: ``key`` (what is embedded and how), ``done`` chunks, ``dim``, ``fitted_on``; empty
            where nothing has begun.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.state: dict[str, Any] = {}
        with suppress(LvmctlError):
            state = read_json(directory / STATE)
            require(state, SCHEMA, directory / STATE, DataError)
            if state.keys() >= SCHEMA.keys():
                self.state = state

    def is_of(self, key: dict[str, Any]) -> bool:
        """Whether what has begun is of ``key``, and whole."""
        if self.state.get("key") != jsonable(key):
            return False
        size = self.state["done"] * (self.state["dim"] or 0) * 4
        return not size or (self._rows.is_file() and self._rows.stat().st_size >= size)

    def begin(self, key: dict[str, Any], fitted_on: str) -> None:
        """Drop the vectors there are, and begin anew."""
        self.state = {"key": jsonable(key), "fitted_on": fitted_on, "dim": None, "done": 0}
        with output_errors(self.directory):
            self._rows.unlink(missing_ok=True)
        write_json(self.directory / STATE, self.state)

    def encode(self, chunks: Lines, encoder: Any, reporter: Reporter) -> int:
        """Encode the chunks that are not encoded yet; the vectors' dimension.

        Raises:
            DataError: the encoder gives vectors of another form, or refuses a text.
            OutputError: the disk is full.
        """
        done, total, dim = self.state["done"], len(chunks), self.state["dim"]
        saved = time.monotonic()
        with output_errors(self.directory):
            file = open(self._rows, "ab")  # noqa: SIM115
        with file:
            # What was written after the last save may be partial.
            file.truncate(done * (dim or 0) * 4)
            try:
                with reporter.progress("embed", "chunks", total, done) as advance:
                    for low in range(done, total, BLOCK):
                        rows = _encoded(encoder, chunks[low : low + BLOCK], dim)
                        dim = rows.shape[1]
                        with output_errors(self.directory):
                            file.write(rows.data)
                        done = low + len(rows)
                        if done == total or time.monotonic() - saved > SAVE_S:
                            self._save(file, dim, done)
                            saved = time.monotonic()
                        advance(len(rows))
            except KeyboardInterrupt:
                if done:
                    self._save(file, dim, done)
                    kept = f"{done:,} of {total:,} chunks are encoded and kept"
                    reporter.info(f"{kept}: type the same again to go on")
                raise
        return int(self.state["dim"])

    def _save(self, file: BinaryIO, dim: int, done: int) -> None:
        """Put the vectors of ``done`` chunks on the disk, and say that they are there."""
        with output_errors(self.directory):
            file.flush()
            os.fsync(file.fileno())
        self.state |= {"dim": dim, "done": done}
        write_json(self.directory / STATE, self.state)

    def read(self, counts: list[int]) -> Iterator[np.ndarray]:
        """The vectors, so many at a time, (n, D) float32 each."""
        dim = self.state["dim"]
        with open_data(self._rows) as file:
            for count in counts:
                yield np.fromfile(file, "<f4", count * dim).reshape(count, dim)

    @property
    def _rows(self) -> Path:
        return self.directory / ROWS


def _encoded(encoder: Any, texts: list[str], dim: int | None) -> np.ndarray:
    """The vectors of texts, (n, D) little-endian float32; ``dim`` is D where that is known."""
    rows = np.ascontiguousarray(encoder.encode(texts), "<f4")
    if rows.ndim != 2 or len(rows) != len(texts) or dim not in (None, rows.shape[1]):
        what = f"gives {rows.shape} for {len(texts)} texts, not ({len(texts)}, D)"
        raise DataError(what, where="the encoder", hint="see lvmctl plugins check")
    return rows


@contextmanager
def unfinished(out: Path) -> Iterator[Unfinished]:
    """What there is of the store that ``out`` is to become, held by this process alone.

    It is removed when the block succeeds, and when it ends before anything was encoded.

    Raises:
        OutputError: another process embeds to ``out``, or nothing can be written there.
    """
    out = Path(os.path.abspath(out))
    sweep_embeddings(out.parent)
    place = out.with_name(f".{out.name}{SUFFIX}")
    lock = _hold(place, out)
    begun = Unfinished(place)
    try:
        yield begun
    except BaseException:
        if not begun.state.get("done"):
            _remove(place, lock)
        raise
    else:
        _remove(place, lock)
    finally:
        lock.release(force=True)


def sweep_embeddings(folder: Path) -> list[Path]:
    """Remove the embeddings in a folder that a killed command left and none goes on with: nothing
    is encoded, or the store is there. The paths that went."""
    swept = []
    for place in folder.glob(f".*{SUFFIX}"):
        store = place.with_name(place.name[1 : -len(SUFFIX)]) / MANIFEST
        with suppress(OSError):
            done = Unfinished(place).state.get("done")
            if done and not store.is_file():
                continue
            if done and (place / STATE).stat().st_mtime_ns > store.stat().st_mtime_ns:
                continue  # it is to replace the store
            lock = FileLock(place / LOCK, timeout=0, thread_local=False)
            with suppress(Timeout):
                lock.acquire()
                _remove(place, lock)
                swept.append(place)
    return swept


def _hold(place: Path, out: Path) -> FileLock:
    """The lock of a directory, which is made where it is not there."""
    while True:
        with output_errors(out):
            place.mkdir(parents=True, exist_ok=True)
        lock = FileLock(place / LOCK, timeout=0, thread_local=False)
        try:
            lock.acquire()
        except Timeout:
            what, hint = "another process embeds to it", "wait for it, or choose another --out"
            raise OutputError(what, where=out, hint=hint) from None
        except OSError:
            if place.is_dir():  # some network disks have no locks
                return lock
            continue  # another process has just swept it
        if (place / LOCK).exists():  # else the process that held it has just removed it
            return lock
        lock.release(force=True)


def _remove(place: Path, lock: FileLock) -> None:
    shutil.rmtree(place, ignore_errors=True)
    lock.release(force=True)
    shutil.rmtree(place, ignore_errors=True)  # Windows keeps a file that is open

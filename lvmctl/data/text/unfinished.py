"""An embedding that is under way: kept beside the store it becomes, so that it can go on."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from filelock import FileLock, Timeout

from lvmctl import processes
from lvmctl.core.errors import DataError, LvmctlError, OutputError
from lvmctl.core.files import jsonable, output_errors, write_json
from lvmctl.core.inputs import open_data
from lvmctl.core.json_input import read_json, require
from lvmctl.core.reporter import Reporter
from lvmctl.data.store.store import MANIFEST
from lvmctl.data.store.text_lines import TextLines

SUFFIX = ".embedding"
LOCK = ".lock"
STATE = "state.json"
PIECES = "rows-*.json"
BLOCK = 256
"""Chunks that are encoded together, always the same ones, so that what goes on, or is shared by
several processes, has the bits of what one process did without a stop."""

SCHEMA = {"key": object, "fitted_on": str}
"""What the state of an embedding holds."""

PIECE = {"dim": int, "done": int}
"""What is known of a piece: the width of its vectors, and how many are whole."""

SAVE_S = 2.0
"""Seconds after which the vectors so far are put on the disk."""


@dataclass(frozen=True)
class Piece:
    """Vectors of chunks in a row: ``done`` of them, from chunk ``low`` on, in a file."""

    path: Path
    low: int
    dim: int
    done: int


class Unfinished:
    """The vectors of a corpus, as many as there are, in a directory of their own.

    They lie in pieces, each a file that one process wrote, so that any number of processes can go
    on with what any other number left.

    Args:
        directory: where they are, with the chunks and what a fitted encoder learned.
        shared: whether all processes of the job work on it.

    Attributes:
        state: ``key`` (what is embedded and how) and ``fitted_on``; empty where nothing has begun.
    """

    def __init__(self, directory: Path, shared: bool = False) -> None:
        self.directory, self.shared = directory, shared
        self.state: dict[str, Any] = {}
        with suppress(LvmctlError):
            state = read_json(directory / STATE)
            require(state, SCHEMA, directory / STATE, DataError)
            if state.keys() >= SCHEMA.keys():
                self.state = state

    @property
    def pieces(self) -> list[Piece]:
        """What there is, in order."""
        pieces = []
        for path in self.directory.glob(PIECES):
            with suppress(LvmctlError, ValueError):
                known = read_json(path)
                require(known, PIECE, path, DataError)
                low = int(path.stem.removeprefix("rows-"))
                pieces.append(Piece(path.with_suffix(".f32"), low, known["dim"], known["done"]))
        return sorted(pieces, key=lambda piece: piece.low)

    @property
    def done(self) -> int:
        """Chunks that are encoded."""
        return sum(piece.done for piece in self.pieces)

    def is_of(self, key: dict[str, Any]) -> bool:
        """Whether what has begun is of ``key``, and whole."""
        return self.state.get("key") == jsonable(key) and all(
            piece.path.is_file() and piece.path.stat().st_size >= piece.done * piece.dim * 4
            for piece in self.pieces
        )

    def begin(self, key: dict[str, Any], fitted_on: str) -> None:
        """Drop the vectors there are, and begin anew."""
        self.state = {"key": jsonable(key), "fitted_on": fitted_on}
        with output_errors(self.directory):
            for path in self.directory.glob("rows-*"):
                path.unlink()
        write_json(self.directory / STATE, self.state)

    def encode(self, chunks: TextLines, encoder: Any, reporter: Reporter) -> int:
        """Encode the chunks that are not encoded yet, or of several processes this one's share of
        them; the vectors' dimension, when all are encoded."""
        total = len(chunks)
        # What process 0 finds: others may write meanwhile.
        pieces = processes.from_first(lambda: self.pieces) if self.shared else self.pieces
        missing = missing_blocks(pieces, total)
        if self.shared:
            missing = missing[processes.part(len(missing))]
        dim = pieces[0].dim if pieces else None
        count = int(np.minimum((missing + 1) * BLOCK, total).sum() - (missing * BLOCK).sum())
        before = sum(piece.done for piece in pieces) if processes.size() == 1 else 0
        try:
            with reporter.progress("embed", "chunks", before + count, before) as advance:
                for run in np.split(missing, np.flatnonzero(np.diff(missing) != 1) + 1):
                    if len(run):
                        dim = self._encode(chunks, run, encoder, dim, advance)
        except KeyboardInterrupt:
            if done := self.done:
                kept = f"{done:,} of {total:,} chunks are encoded and kept"
                reporter.info(f"{kept}: type the same again to go on")
            raise
        dims = set(processes.gather(dim) if self.shared else [dim]) - {None}
        if len(dims) > 1:
            what = f"gives vectors of {', '.join(map(str, sorted(dims)))} numbers"
            raise DataError(what, where="the encoder", hint="see lvmctl plugins check")
        return int(dims.pop())

    def _encode(
        self,
        chunks: TextLines,
        run: np.ndarray,
        encoder: Any,
        dim: int | None,
        advance: Callable[[int], object],
    ) -> int:
        """Encode blocks that lie in a row into a piece of their own; the vectors' dimension."""
        low, end = int(run[0]) * BLOCK, min((int(run[-1]) + 1) * BLOCK, len(chunks))
        path = self.directory / f"rows-{low:012}.f32"
        done, saved = low, time.monotonic()
        with output_errors(self.directory):
            file = open(path, "wb")  # noqa: SIM115
        with file:
            try:
                for start in range(low, end, BLOCK):
                    rows = _encoded(encoder, chunks[start : min(start + BLOCK, end)], dim)
                    dim = rows.shape[1]
                    with output_errors(self.directory):
                        file.write(rows.data)
                    done = start + len(rows)
                    if done == end or time.monotonic() - saved > SAVE_S:
                        _save(file, Piece(path, low, dim, done - low))
                        saved = time.monotonic()
                    advance(len(rows))
            except KeyboardInterrupt:
                if dim is not None and done > low:
                    _save(file, Piece(path, low, dim, done - low))
                raise
        return int(dim or 0)

    def read(self, counts: list[int]) -> Iterator[np.ndarray]:
        """The vectors, so many at a time, (n, D) float32 each."""
        with ExitStack() as opened:
            pieces, left = iter(self.pieces), 0
            for count in counts:
                parts = []
                while count:
                    if not left:
                        piece = next(pieces)
                        opened.close()
                        file = opened.enter_context(open_data(piece.path))
                        left = piece.done
                    some = min(count, left)
                    rows = np.fromfile(file, "<f4", some * piece.dim)
                    parts.append(rows.reshape(some, piece.dim))
                    count, left = count - some, left - some
                yield np.concatenate(parts)


def missing_blocks(pieces: list[Piece], total: int) -> np.ndarray:
    """The numbers (n,) of the blocks of ``total`` chunks that no piece holds."""
    there = np.zeros(-(-total // BLOCK), bool)
    for piece in pieces:
        there[piece.low // BLOCK : -(-(piece.low + piece.done) // BLOCK)] = True
    return np.flatnonzero(~there)


def _save(file: BinaryIO, piece: Piece) -> None:
    """Put the vectors of a piece on the disk, and say that they are there."""
    with output_errors(piece.path):
        file.flush()
        os.fsync(file.fileno())
    write_json(piece.path.with_suffix(".json"), {"dim": piece.dim, "done": piece.done})


def _encoded(encoder: Any, texts: list[str], dim: int | None) -> np.ndarray:
    """The vectors of texts, (n, D) little-endian float32; ``dim`` is D where that is known."""
    rows = np.ascontiguousarray(encoder.encode(texts), "<f4")
    if rows.ndim != 2 or len(rows) != len(texts) or dim not in (None, rows.shape[1]):
        what = f"gives {rows.shape} for {len(texts)} texts, not ({len(texts)}, D)"
        raise DataError(what, where="the encoder", hint="see lvmctl plugins check")
    return rows


@contextmanager
def unfinished(out: Path) -> Iterator[Unfinished]:
    """What there is of the store that ``out`` is to become, held by this process alone, or by
    those of one job together.

    It is removed when the block succeeds, and when it ends before anything was encoded.
    """
    out = Path(os.path.abspath(out))
    place = out.with_name(f".{out.name}{SUFFIX}")
    lock = None
    if processes.rank() == 0:
        sweep_embeddings(out.parent)
        lock = _hold(place, out)
    processes.barrier()
    begun = Unfinished(place, shared=True)
    try:
        yield begun
    except BaseException:
        if lock is not None and not begun.done:
            _remove(place, lock)
        raise
    else:
        if lock is not None:
            _remove(place, lock)
    finally:
        if lock is not None:
            lock.release(force=True)


def sweep_embeddings(folder: Path) -> list[Path]:
    """Remove the embeddings in a folder that a killed command left and none goes on with: nothing
    is encoded, or the store is there. The paths that went."""
    swept = []
    for place in folder.glob(f".*{SUFFIX}"):
        store = place.with_name(place.name[1 : -len(SUFFIX)]) / MANIFEST
        with suppress(OSError):
            done = Unfinished(place).done
            if done and not store.is_file():
                continue
            written = (path.stat().st_mtime_ns for path in place.glob("*.json"))
            if done and max(written) > store.stat().st_mtime_ns:
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

"""Directories that appear whole or not at all."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock

from lvmctl.core.errors import OutputError
from lvmctl.core.files import output_errors, sync_directory

LOCK = ".lock"


def refuse_existing(path: Path, force: bool, replaceable: Callable[[Path], bool]) -> None:
    """Refuse an output that exists, unless ``force`` and it is of the kind that is written."""
    if not os.path.lexists(path):
        return
    if not force:
        raise OutputError(
            "already exists", where=path, hint="choose another --out or replace it with --force"
        )
    if not replaceable(path):
        raise OutputError(
            "exists and is not a store, so --force does not replace it",
            where=path,
            hint="choose another --out",
        )


@contextmanager
def new_directory(path: Path) -> Iterator[Path]:
    """A temporary sibling of ``path`` to fill; it becomes ``path`` when the block succeeds.

    Whatever stood at ``path`` is replaced. When the block raises, nothing is left behind; what a
    killed process left of an earlier attempt is removed first.
    """
    path = Path(os.path.abspath(path))
    with output_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        _sweep(path)
        work, lock = _work_directory(path)
        try:
            fresh = work / "new"
            fresh.mkdir()
            yield fresh
            sync_tree(fresh)
            replaced = os.path.lexists(path)
            if replaced:
                path.rename(work / "old")
            try:
                fresh.rename(path)
            except OSError:
                if replaced:
                    (work / "old").rename(path)
                raise
            sync_directory(path.parent)
        finally:
            _remove(work, lock)


def _work_directory(path: Path) -> tuple[Path, FileLock]:
    """A temporary sibling of ``path``, and the lock that says it is in use."""
    while True:
        work = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent))
        lock = _lock(work)
        # Another process may sweep it before it is locked; some network disks have no locks.
        with suppress(OSError):
            lock.acquire()
        if work.exists():
            return work, lock
        lock.release()


def _sweep(path: Path) -> None:
    """Remove the temporary siblings of ``path`` that no living process holds, but for one with the
    only copy of what stood there."""
    # As mkdtemp names them.
    pattern = re.compile(rf"\.{re.escape(path.name)}\.[a-z0-9_]{{8}}\.tmp")
    for work in path.parent.iterdir():
        if not pattern.fullmatch(work.name) or work.is_symlink() or not work.is_dir():
            continue
        with suppress(OSError):  # in use, or not to be removed
            inside = set(os.listdir(work))
            if inside <= {"new", "old", LOCK} and ("old" not in inside or path.exists()):
                with _lock(work) as lock:
                    _remove(work, lock)


def _lock(work: Path) -> FileLock:
    """The lock of a temporary directory, which is held as long as that is in use."""
    return FileLock(work / LOCK, timeout=0, thread_local=False)


def _remove(work: Path, lock: FileLock) -> None:
    """Remove a temporary directory that is held by ``lock``."""
    shutil.rmtree(work, ignore_errors=True)
    lock.release(force=True)
    shutil.rmtree(work, ignore_errors=True)  # Windows keeps a file that is open


def sync_tree(directory: Path) -> None:
    """Wait until every file of a directory, and the directory itself, is on the disk."""
    for path in directory.iterdir():
        with open(path, "rb+") as file:
            os.fsync(file.fileno())
    sync_directory(directory)

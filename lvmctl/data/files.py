"""Writing that is whole or not at all, and one-line reasons when it cannot be done."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from lvmctl.errors import OutputError

_REASONS = {
    errno.ENOSPC: ("the disk is full", "free some space or write to another disk"),
    errno.EDQUOT: ("the disk quota is used up", "free some space or write to another disk"),
    errno.EFBIG: ("the file would be larger than is allowed here", "raise the limit (ulimit -f)"),
    errno.EROFS: ("the file system is read-only", "write somewhere else"),
    errno.EACCES: ("no permission to write here", "write somewhere else or change the permissions"),
    errno.EPERM: ("no permission to write here", "write somewhere else or change the permissions"),
    errno.ENOTDIR: ("a part of the path is a file, not a directory", "choose another path"),
    errno.EEXIST: ("a file is in the way", "choose another path"),
}


@contextmanager
def output_errors(path: Path) -> Iterator[None]:
    """Turn the operating system's refusal to write ``path`` into an :class:`OutputError`."""
    try:
        yield
    except OSError as error:
        reason = (f"cannot be written: {error.strerror or error}", "write somewhere else")
        what, mend = _REASONS.get(error.errno or 0, reason)
        raise OutputError(what, where=path, mend=mend) from error


def refuse_existing(path: Path, force: bool, replaceable: Callable[[Path], bool]) -> None:
    """Refuse an output that exists, unless ``force`` and it is of the kind that is written.

    Raises:
        OutputError: it exists without ``force``, or ``force`` would delete something else.
    """
    if not os.path.lexists(path):
        return
    if not force:
        raise OutputError(
            "already exists", where=path, mend="choose another --out or replace it with --force"
        )
    if not replaceable(path):
        raise OutputError(
            "exists and is something else, so --force will not delete it",
            where=path,
            mend="choose another --out",
        )


@contextmanager
def new_directory(path: Path) -> Iterator[Path]:
    """A temporary sibling of ``path`` to fill; it becomes ``path`` when the block succeeds.

    Whatever stood at ``path`` is replaced. When the block raises, nothing is left behind.
    """
    path = Path(os.path.abspath(path))
    with output_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent))
        try:
            fresh = work / "new"
            fresh.mkdir()
            yield fresh
            sync_tree(fresh)
            if os.path.lexists(path):
                path.rename(work / "old")
            fresh.rename(path)
            sync_directory(path.parent)
        finally:
            shutil.rmtree(work, ignore_errors=True)


@contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """A temporary sibling of ``path`` to write; it becomes ``path`` when the block succeeds."""
    path = Path(os.path.abspath(path))
    with output_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
        os.close(handle)
        fresh = Path(name)
        try:
            yield fresh
            fresh.chmod(0o666 & ~_umask())
            sync(fresh)
            fresh.replace(path)
            sync_directory(path.parent)
        finally:
            fresh.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Wait until the file's bytes are on the disk."""
    with open(path, "rb+") as file:
        os.fsync(file.fileno())


def sync_tree(directory: Path) -> None:
    """Wait until every file of a directory, and the directory itself, is on the disk."""
    for file in directory.iterdir():
        sync(file)
    sync_directory(directory)


def sync_directory(directory: Path) -> None:
    """Wait until renames in ``directory`` are on the disk (POSIX only)."""
    if os.name != "posix":
        return
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask

"""Temporary files and directories beside what they become, and those that a killed command left.

They are called ``.lvmctl-`` and 16 hexadecimal digits, and are locked as long as the process that
made them lives. One that nobody holds is what is left of a killed command: the next command that
writes beside it removes it, and so does ``lvmctl doctor``. Where there are no such locks (Windows,
some network disks) it stays.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

PREFIX = ".lvmctl-"
NAME = re.compile(rf"{re.escape(PREFIX)}[0-9a-f]{{16}}")


@contextmanager
def temporary(place: Path, directory: bool = False) -> Iterator[Path]:
    """A new, empty file or directory in ``place``.

    What has its name when the block ends is removed, so what is to stay is renamed before.
    """
    sweep(place)
    path, lock = _new(place, directory)
    try:
        yield path
    finally:
        discard(path)
        if lock is not None:
            os.close(lock)


def temporary_name(place: Path) -> Path:
    """A name in ``place`` for something that is to be removed: :func:`sweep` does if we do not."""
    return place / f"{PREFIX}{secrets.token_hex(8)}"


def sweep(place: Path) -> list[Path]:
    """Remove what killed commands left in ``place``; the paths that went."""
    swept = []
    with suppress(OSError):  # a directory that may be written to and not read
        for entry in os.scandir(place):
            kept = entry.is_file(follow_symlinks=False) or entry.is_dir(follow_symlinks=False)
            if NAME.fullmatch(entry.name) and kept:
                path = Path(entry.path)
                lock = _hold(path)
                if lock is not None:
                    discard(path)
                    os.close(lock)
                    swept.append(path)
    return swept


def discard(path: Path) -> None:
    """Remove a file or a directory; what cannot be removed stays."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()


def _new(place: Path, directory: bool) -> tuple[Path, int | None]:
    """A new file or directory and its lock."""
    while True:
        path = temporary_name(place)
        if directory:
            path.mkdir()
        else:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        lock = _hold(path)
        if path.exists():  # another process may sweep it before it is locked
            return path, lock
        if lock is not None:
            os.close(lock)


def _hold(path: Path) -> int | None:
    """Lock a file or directory: a descriptor that holds the lock until it is closed.

    None where another process holds it, it is gone, or there are no locks.
    """
    if fcntl is None:
        return None
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor

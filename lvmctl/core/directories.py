"""Directories that appear whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from filelock import FileLock

from lvmctl.core.errors import OutputError
from lvmctl.core.files import output_errors, sync_directory
from lvmctl.core.rename import exchange, rename_new
from lvmctl.core.temporary import temporary

LOCK = ".lock"
"""The file that is locked by a command which changes something in a store."""


def refuse_existing(path: Path, force: bool, replaceable: Callable[[Path], bool]) -> None:
    """Refuse an output that exists, unless ``force`` and it is of the kind that is written."""
    if not os.path.lexists(path):
        return
    if not force:
        by_force = " or replace it with --force" if replaceable(path) else ""
        raise OutputError("already exists", where=path, hint=f"choose another --out{by_force}")
    if not replaceable(path):
        raise OutputError(
            "exists and is not what is written here, so --force does not replace it",
            where=path,
            hint="choose another --out",
        )


@contextmanager
def new_directory(path: Path, refuse: Callable[[Path], object]) -> Iterator[Path]:
    """A temporary sibling of ``path`` to fill; it becomes ``path`` when the block succeeds, and
    nothing is left behind when it raises.

    ``refuse`` raises where something stands at ``path`` that may not be replaced. It is asked at
    once, and again when the directory is to take its place. What it lets pass is replaced in one
    instant; a link to a directory is followed.
    """
    shown, path = path, Path(os.path.abspath(path))
    if path.is_dir():
        path = Path(os.path.realpath(path))
    with output_errors(shown):
        refuse(shown)
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary(path.parent, directory=True) as fresh:
            yield fresh
            sync_tree(fresh)
            try:
                rename_new(fresh, path)
            except FileExistsError:
                with unchanging(path):
                    refuse(shown)
                    exchange(fresh, path)
            sync_directory(path.parent)


@contextmanager
def unchanging(directory: Path) -> Iterator[None]:
    """Hold the lock of a directory that has one: whoever holds it writes into the directory."""
    lock = directory / LOCK
    with FileLock(lock, thread_local=False) if lock.is_file() else nullcontext():
        yield


def sync_tree(directory: Path) -> None:
    """Wait until everything in a directory, and the directory itself, is on the disk."""
    for path in directory.iterdir():
        if path.is_dir():
            sync_tree(path)
            continue
        with open(path, "rb+") as file:
            os.fsync(file.fileno())
    sync_directory(directory)

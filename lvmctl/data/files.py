"""Directories that appear whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from lvmctl.errors import OutputError
from lvmctl.files import output_errors, sync_directory


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
            shutil.rmtree(work, ignore_errors=True)


def sync_tree(directory: Path) -> None:
    """Wait until every file of a directory, and the directory itself, is on the disk."""
    for path in directory.iterdir():
        with open(path, "rb+") as file:
            os.fsync(file.fileno())
    sync_directory(directory)

"""Files that appear whole or not at all."""

from __future__ import annotations

import errno
import json
import math
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from lvmctl.core.errors import OutputError

MENDS = {
    errno.ENOSPC: "free some space or write elsewhere",
    errno.EDQUOT: "free some space or write elsewhere",
    errno.EFBIG: "raise the file-size limit or write elsewhere",
    errno.EROFS: "the place is read-only: write elsewhere",
    errno.EACCES: "no permission to write there: choose another place",
    errno.EPERM: "no permission to write there: choose another place",
}


@contextmanager
def output_errors(path: object) -> Iterator[None]:
    """Turn an ``OSError`` of a write into an :class:`OutputError` that names ``path``."""
    try:
        yield
    except OSError as error:
        hint = MENDS.get(error.errno or 0, "check the place and try again")
        what = f"cannot be written ({(error.strerror or str(error)).lower()})"
        raise OutputError(what, where=path, hint=hint) from error


def write_whole(path: Path, fill: Callable[[BinaryIO], Any]) -> None:
    """Write a file through a temporary sibling: synced, renamed, parent synced.

    Args:
        path: where the file appears; an existing one is replaced in one instant.
        fill: writes the content to the open binary file it is given.

    Raises:
        OutputError: the write failed; ``path`` is what it was (or, when only the last sync of its
            directory failed, already the whole new file).
    """
    with output_errors(path):
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                fill(file)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(name, 0o644)
            os.replace(name, path)
            sync_directory(path.parent)
        except BaseException:
            with suppress(OSError):
                os.unlink(name)
            raise


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` as indented JSON, whole or not at all. NaN and infinity become null."""
    text = json.dumps(jsonable(value), indent=1, allow_nan=False, ensure_ascii=False) + "\n"
    write_whole(path, lambda file: file.write(text.encode()))


def jsonable(value: Any) -> Any:
    """Convert to what strict JSON can hold.

    NaN and infinities become None, tuples lists, paths strings, and scalars and arrays of
    NumPy those of Python.

    Raises:
        TypeError: a value is nothing of all that.
    """
    if value is None or isinstance(value, str | bool | int):
        return value
    if hasattr(
        value, "tolist"
    ):  # scalars and arrays of NumPy and torch, which core does not import
        return jsonable(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(item) for item in value]
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    raise TypeError(f"JSON cannot hold a value of type {type(value).__name__}")


def sync_directory(path: Path) -> None:
    """Make a rename in ``path`` survive a power cut, where directories can be synced."""
    if os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

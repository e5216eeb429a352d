"""Files that appear whole or not at all."""

from __future__ import annotations

import errno
import json
import math
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from lvmctl.core.errors import OutputError
from lvmctl.core.rename import rename_new
from lvmctl.core.temporary import temporary

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


def write_whole(
    path: Path,
    content: bytes | memoryview | Callable[[BinaryIO], Any],
    refuse: Callable[[Path], object] | None = None,
) -> None:
    """Write a file through a temporary sibling: synced, renamed, parent synced. An existing one is
    replaced in one instant; where it is a link, the one it leads to.

    ``content`` is bytes, or what writes them to the open binary file that it is given. ``refuse``
    raises where ``path`` may not be replaced; it is asked at once, and again when the file is to
    take its place.

    An OutputError where the write failed, or no regular file is at ``path``, which is what it was
    (or, when only the last sync of its directory failed, already the whole new file).
    """

    def ask() -> None:
        refuse_irregular(path)
        if refuse is not None:
            refuse(path)

    with output_errors(path):
        ask()
        place = Path(os.path.realpath(path))
        with temporary(place.parent) as fresh:
            with open(fresh, "wb") as file:
                content(file) if callable(content) else file.write(content)
                file.flush()
                os.fsync(file.fileno())
            try:
                rename_new(fresh, place)
            except FileExistsError:
                ask()
                os.replace(fresh, place)
            sync_directory(place.parent)


def refuse_irregular(path: Path) -> None:
    """Refuse to write a file where a directory, a device, a pipe or a link to nothing is."""
    if not os.path.lexists(path) or path.is_file():
        return
    what = "is not a regular file"
    if path.is_dir():
        what = "is a directory"
    elif path.is_symlink() and not path.exists():
        what = "is a link to nothing"
    raise OutputError(what, where=path, hint="name a file, or a place where nothing is")


def refuse_file(path: Path, force: bool) -> None:
    """Refuse to write a file that exists, unless ``force``."""
    if path.exists() and not force:
        raise OutputError("already exists", where=path, hint="choose another, or add --force")


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` as indented JSON, whole or not at all. NaN and infinity become null."""
    write_whole(path, json_bytes(value))


def json_bytes(value: Any) -> bytes:
    """``value`` as indented JSON in UTF-8. NaN and infinity become null."""
    text = json_text(jsonable(value), indent=1, allow_nan=False) + "\n"
    return text.encode()


def json_text(value: Any, **layout: Any) -> str:
    """``value`` as JSON that can be written as UTF-8, in the layout that :func:`json.dumps` takes.

    Halves of characters, which names of files that are no UTF-8 have in Python, are escaped; they
    are the same names when they are read back.
    """
    return utf8(json.dumps(value, ensure_ascii=False, **layout)).decode()


def utf8(text: str) -> bytes:
    """``text`` in UTF-8; halves of characters are escaped, as JSON does."""
    return text.encode("utf-8", "backslashreplace")


def jsonable(value: Any) -> Any:
    """Convert to what strict JSON can hold: NaN and infinities become None, tuples lists, paths
    strings, and scalars and arrays of NumPy those of Python. A TypeError where a value is nothing
    of all that."""
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

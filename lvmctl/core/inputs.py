"""Files that are read: regular ones, so that a pipe or a device never makes a command wait."""

from __future__ import annotations

import errno
import os
import stat
from io import BufferedReader
from pathlib import Path

from lvmctl.core.errors import DataError


def open_input(path: str | os.PathLike[str]) -> BufferedReader:
    """A file, opened to read bytes; an OSError for a folder, a pipe, a socket or a device, too."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    handle = os.open(path, flags)
    mode = os.fstat(handle).st_mode
    if stat.S_ISREG(mode):
        return os.fdopen(handle, "rb")
    os.close(handle)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), os.fspath(path))
    raise OSError(errno.EINVAL, "Is a pipe or a device, not a file", os.fspath(path))


def open_data(path: str | os.PathLike[str]) -> BufferedReader:
    """A file of data, opened to read bytes; a DataError where it cannot be."""
    try:
        return open_input(path)
    except OSError as error:
        raise DataError(f"cannot be read ({error.strerror})", where=os.fspath(path)) from error


def read_text(path: Path) -> str:
    """The text of a regular UTF-8 file, without a byte-order mark; an OSError or a
    UnicodeDecodeError where it is none."""
    with open_input(path) as file:
        text = file.read().decode("utf-8-sig")
    return text.replace("\r\n", "\n")


def real(path: str | os.PathLike[str]) -> Path:
    """The absolute path behind all links; of links in a circle, the path of one of them."""
    return Path(os.path.realpath(path))

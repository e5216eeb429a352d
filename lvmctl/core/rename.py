"""Renames that replace nothing, and those that swap two names in one instant."""

from __future__ import annotations

import ctypes
import errno
import os
import secrets
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

NO_REPLACE, EXCHANGE = 1, 2
"""Flags of Linux's renameat2."""

HERE = -100
"""What renameat2 takes for the working directory (AT_FDCWD)."""

UNSUPPORTED = (errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP)


def rename_new(source: Path, target: Path) -> None:
    """Rename ``source`` to a name that nothing has.

    Where the system has no such rename, a file is linked to its new name, and a directory renamed
    after a look: the system itself replaces no file by it, and no directory that holds anything.

    Raises:
        FileExistsError: something is there.
    """
    if _renameat2(source, target, NO_REPLACE):
        return
    if os.path.lexists(target):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
    if not source.is_dir():
        with suppress(OSError):  # a disk without links
            os.link(source, target)
            os.unlink(source)
            return
    if os.path.lexists(target):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
    os.rename(source, target)


def exchange(source: Path, target: Path) -> None:
    """Swap the names of two directories in one instant.

    Where the system cannot, ``target`` is called ``TARGET.before-…`` between two renames: whoever
    is killed there leaves it under that name, which no command removes.
    """
    if _renameat2(source, target, EXCHANGE):
        return
    aside = target.with_name(f"{target.name}.before-{secrets.token_hex(4)}")
    os.rename(target, aside)
    try:
        os.rename(source, target)
    except OSError:
        os.rename(aside, target)
        raise
    os.rename(aside, source)


def _renameat2(source: Path, target: Path, flag: int) -> bool:
    """Rename with a flag; False where the system or the disk knows none."""
    call = _system_call()
    if call is None:
        return False
    if call(HERE, os.fsencode(source), HERE, os.fsencode(target), flag) == 0:
        return True
    code = ctypes.get_errno()
    if code in UNSUPPORTED:
        return False
    raise OSError(code, os.strerror(code), str(source), None, str(target))


@cache
def _system_call() -> Any:
    """The C library's renameat2, None where there is none."""
    if sys.platform != "linux":
        return None
    call = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if call is not None:
        name = ctypes.c_char_p
        call.argtypes = (ctypes.c_int, name, ctypes.c_int, name, ctypes.c_uint)
    return call

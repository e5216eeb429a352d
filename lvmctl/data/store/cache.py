"""The user's cache directory."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lvmctl.core.errors import OutputError
from lvmctl.core.files import output_errors


def cache_directory() -> Path:
    """Where lvmctl caches what it can rebuild: ``LVMCTL_CACHE``, else the platform's place.

    Raises:
        OutputError: that is in the home directory, and the user has none.
    """
    if override := os.environ.get("LVMCTL_CACHE"):
        return Path(override)
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return Path(local or _home() / "AppData" / "Local") / "lvmctl" / "Cache"
    if sys.platform == "darwin":
        return _home() / "Library" / "Caches" / "lvmctl"
    xdg = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(xdg) if os.path.isabs(xdg) else _home() / ".cache") / "lvmctl"


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError as error:  # a user id without an entry in the password file
        raise OutputError("there is no home directory", mend="set LVMCTL_CACHE") from error


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file ``path``, so that one process at a time builds (not on Windows).

    Raises:
        OutputError: the cache directory cannot be written.
    """
    with output_errors(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        file = open(path, "w")  # noqa: SIM115
    with file:
        if os.name == "posix":
            import fcntl

            with output_errors(path):
                fcntl.flock(file, fcntl.LOCK_EX)
        yield

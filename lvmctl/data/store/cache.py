"""The user's cache directory."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from lvmctl.core.errors import OutputError
from lvmctl.core.files import output_errors


def cache_directory() -> Path:
    """Where lvmctl caches what it can rebuild: ``LVMCTL_CACHE``, else the platform's place.

    On Linux that is ``XDG_CACHE_HOME/lvmctl``, by default ``~/.cache/lvmctl``; see platformdirs.
    """
    import platformdirs

    if override := os.environ.get("LVMCTL_CACHE"):
        return Path(override)
    try:
        path = platformdirs.user_cache_path("lvmctl", appauthor=False)
    except RuntimeError:  # a user id without an entry in the password file
        path = Path("~")
    if not path.is_absolute():  # what older versions of platformdirs give for no home
        raise OutputError("there is no home directory", hint="set LVMCTL_CACHE")
    return path


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file ``path``, so that one process at a time builds."""
    lock = FileLock(path, thread_local=False)
    with output_errors(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()

"""The user's cache directory."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def cache_directory() -> Path:
    """Where lvmctl caches what it can rebuild: ``LVMCTL_CACHE``, else the platform's place."""
    if override := os.environ.get("LVMCTL_CACHE"):
        return Path(override)
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return Path(local or Path.home() / "AppData" / "Local") / "lvmctl" / "Cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "lvmctl"
    xdg = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(xdg) if os.path.isabs(xdg) else Path.home() / ".cache") / "lvmctl"

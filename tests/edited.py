"""Files of a run that a test changes on purpose."""

from __future__ import annotations

from pathlib import Path


def edited(path: Path) -> Path:
    """The file, without the record of what lvmctl wrote there, which would refuse a change."""
    path.with_name("hashes.json").unlink(missing_ok=True)
    return path

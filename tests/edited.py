"""Files of a run that a test changes on purpose."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


def edited(path: Path) -> Path:
    """The file, without the record of what lvmctl wrote there, which would refuse a change."""
    path.with_name("hashes.json").unlink(missing_ok=True)
    return path


@contextmanager
def editing(path: Path) -> Iterator[Any]:
    """The JSON of a file, which is written back as it was changed; see :func:`edited`."""
    value = json.loads(path.read_text(encoding="utf-8"))
    yield value
    edited(path).write_text(json.dumps(value), encoding="utf-8")

"""A Python of its own with this one's import path."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path


def python(
    *arguments: str,
    environment: Mapping[str, str] = os.environ,
    place: str | Path | None = None,
    timeout: float | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run Python with ``arguments`` to its end, in the directory ``place``, here by default.

    Raises:
        TimeoutExpired: it took longer than ``timeout`` seconds.
    """
    places = os.pathsep.join(os.path.abspath(place) for place in sys.path if place)
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=place,
        env=dict(environment) | {"PYTHONPATH": places},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=timeout,
    )


def last_words(ended: subprocess.CompletedProcess[str]) -> str:
    """The last line of its stderr, or its exit code where there is none."""
    return (ended.stderr.strip().splitlines() or [f"exit code {ended.returncode}"])[-1]

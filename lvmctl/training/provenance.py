"""Where a run comes from: everything a metric of it depends on."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path
from typing import Any

from lvmctl import processes
from lvmctl.plan import Plan
from lvmctl.training.backend import Backend

FORMAT = "lvmctl.run/2"
READABLE = (FORMAT, "lvmctl.run/1")
"""Formats of ``config.json`` that can be read; in the first one options were not nested."""

PACKAGES = ("lvmctl", "torch", "numpy", "pluggy")


def surroundings(plan: Plan, backend: Backend) -> dict[str, Any]:
    """Everything a metric of this run depends on."""
    options = json.dumps(plan.record(), sort_keys=True, default=str).encode()
    return {
        "format": FORMAT,
        "argv": sys.argv,
        "started": now(),
        "options_sha256": hashlib.sha256(options).hexdigest(),
        "seed": plan.options.seed,
        "packages": {name: metadata.version(name) for name in PACKAGES},
        "plugins": {
            part.entry.plugin.distribution: part.entry.plugin.version for part in plan.parts
        },
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpus": os.cpu_count(),
        "processes": processes.size(),
        "git_commit": git_commit(),
        "backend": backend.record(),
    }


def git_commit() -> str | None:
    """The commit of the checkout lvmctl runs from, None outside one (an installed wheel)."""
    file = Path(__file__)
    git = ["git", "-C", str(file.parent)]
    try:
        for command in (["ls-files", "--error-unmatch", file.name], ["rev-parse", "HEAD"]):
            done = subprocess.run(
                [*git, *command], capture_output=True, text=True, timeout=60, check=True
            )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S%z")

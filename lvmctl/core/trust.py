"""Code in files that other files name: it runs only where the user says so."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from lvmctl.core.errors import UsageError
from lvmctl.core.inputs import real

ADDRESS = re.compile(r"(?P<path>.+\.py):(?P<name>[A-Za-z_]\w*)")
"""``file.py:Class``."""

VARIABLE = "LVMCTL_TRUST_CODE"
"""Set to 1, the environment variable says what ``--trust-code`` says."""
_typed: set[Path] = set()


def trust(path: Path) -> None:
    """Trust a file for the rest of this process: the user named it."""
    _typed.add(real(path))


def refuse_untrusted(name: str, where: object) -> None:
    """Refuse a saved name (``infonce``, ``p7/infonce:0.5``) that begins with ``file.py:Class``,
    unless the user trusts such files; ``where`` is the file that names it.

    What is typed on a command line or passed to a function counts as trusted and is not checked;
    what a run, a store or an experiments file names may have come from somebody else.
    """
    match = ADDRESS.match(name)
    if match is None or os.environ.get(VARIABLE) == "1":
        return
    path = Path(match["path"])
    if real(path) in _typed:
        return
    shown = "which is not there"
    if path.is_file():
        shown = f"SHA-256 {hashlib.sha256(path.read_bytes()).hexdigest()[:16]}…"
    raise UsageError(
        f"names code that would be run, {match[0]} ({shown})",
        where=where,
        hint="read the file, and add --trust-code if you trust it",
    )

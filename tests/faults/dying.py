"""A command that is killed at its n-th call that changes something on disk."""

from __future__ import annotations

import builtins
import io
import itertools
import os
import shlex
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

CALLS = ("mkdir", "rename", "replace", "link", "unlink", "rmdir", "fsync", "ftruncate")


def command(line: str, place: Path, moment: int, counted: Path) -> None:
    """Run a command line of lvmctl in ``place``; exit with its code, or be killed.

    Args:
        moment: the call at which this process is killed; 0 is none.
        counted: where the number of such calls is written.
    """
    from lvmctl.cli.main import run
    from lvmctl.core import rename

    os.chdir(place)
    log = os.open(counted.with_suffix(".log"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(log, 1)
    os.dup2(log, 2)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", closefd=False)
    numbers = itertools.count(1)

    def wrap(module: Any, name: str, counts: Callable[..., bool] = lambda *_, **__: True) -> None:
        real = getattr(module, name)

        def call(*arguments: Any, **named: Any) -> Any:
            if counts(*arguments, **named) and next(numbers) == moment:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*arguments, **named)

        setattr(module, name, call)

    def writes(_: Any, mode: str = "r", *__: Any, **___: Any) -> bool:
        return mode[0] in "wax"

    def creates(_: Any, flags: int = 0, *__: Any, **___: Any) -> bool:
        return bool(flags & os.O_CREAT)

    real_open = builtins.open
    for name in CALLS:
        wrap(os, name)
    wrap(os, "open", creates)
    wrap(builtins, "open", writes)
    wrap(io, "open", writes)
    wrap(rename, "_renameat2")
    code = run(shlex.split(line))
    with real_open(counted, "w") as file:
        file.write(str(next(numbers) - 1))
    sys.exit(code)

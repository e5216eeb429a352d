"""A command whose n-th call that changes something on disk kills it, or fails."""

from __future__ import annotations

import builtins
import errno
import io
import itertools
import os
import resource
import shlex
import signal
import sys
from collections.abc import Callable, Container
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from faults.server import server

NEW = ("mkdir", "link", "fsync", "ftruncate")
CALLS = (*NEW, "rename", "replace", "unlink", "rmdir")
"""Calls of :mod:`os` that write: those that need room, and all."""


MEMORY = 12 << 30
"""Bytes of address space that a command may have: a damaged size is to cost no machine."""


@dataclass(frozen=True)
class Fault:
    """What goes wrong with a command.

    Attributes:
        kind: ``kill`` dies at call ``at``, and ``interrupt`` gets a SIGINT there; ``full`` fails
            from call ``at`` on where room is needed; ``read-only`` fails at call ``at`` and all
            later ones; ``short`` lets no file grow beyond ``at`` bytes, and ``torn`` dies where
            one would; ``memory`` has ``at`` KiB more than it has begun with.
        at: the number of a call, or bytes.
    """

    kind: str
    at: int


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit code, what it printed, and its calls that wrote."""

    code: int
    out: str
    err: str
    calls: int

    def complaint(self, codes: Container[int] = range(1, 7)) -> str | None:
        """What is wrong with how it failed: another exit code, or no line and no verdict.

        Args:
            codes: how it may end.
        """
        errors = [line for line in self.err.splitlines() if line.startswith("error: ")]
        if self.code not in codes:
            return f"ends with {self.code}: {self.err[-300:]}"
        if "Traceback" in self.err or len(errors) > 1 or not (errors or self.out):
            return f"prints {self.err[-600:]}"
        return None


def lvmctl(
    line: str, place: Path, fault: Fault | None = None, streams: Path | None = None
) -> Ended:
    """Run a command line in ``place``, in a process of its own.

    Args:
        streams: a directory for what it prints; default beside ``place``, whose path is left out
            of it.
    """
    streams = streams or place.with_name(f"{place.name}.streams")
    streams.mkdir(exist_ok=True)
    counted = streams / "calls"
    counted.unlink(missing_ok=True)
    code = server().exit_code(_run, line, place, fault, streams, timeout=300)
    printed = ((streams / name).read_text("utf-8", "replace") for name in ("out", "err"))
    out, err = (text.replace(str(place), "") for text in printed)
    return Ended(code, out, err, int(counted.read_text()) if counted.exists() else 0)


def _run(line: str, place: Path, fault: Fault | None, streams: Path) -> None:
    from lvmctl.cli.main import run
    from lvmctl.core import rename

    os.chdir(place)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    for number, name in ((1, "out"), (2, "err")):
        file = os.open(streams / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(file, number)
        os.close(file)
    printed = io.BytesIO(), io.BytesIO()  # to be written when files may grow again
    sys.stdout, sys.stderr = (
        io.TextIOWrapper(each, "utf-8", "backslashreplace") for each in printed
    )
    numbers, real_open = itertools.count(1), builtins.open
    kind, at = (fault.kind, fault.at) if fault else ("", 0)

    def wrap(module: Any, name: str, writes: Callable[..., bool] = lambda *_, **__: True) -> None:
        real = getattr(module, name)

        def call(*arguments: Any, **named: Any) -> Any:
            if not writes(*arguments, **named):
                return real(*arguments, **named)
            number = next(numbers)
            if kind == "kill" and number == at:
                os.kill(os.getpid(), signal.SIGKILL)
            if kind == "interrupt" and number == at:
                os.kill(os.getpid(), signal.SIGINT)
            if kind == "full" and number >= at and (name == "open" or name in NEW):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(arguments[0]))
            if kind == "read-only" and number >= at:
                raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(arguments[0]))
            return real(*arguments, **named)

        setattr(module, name, call)

    def opens(path: Any, mode: str = "r", *_: Any, **__: Any) -> bool:
        return mode[0] in "wax" and path != os.devnull

    def creates(_: Any, flags: int = 0, *__: Any, **___: Any) -> bool:
        return bool(flags & os.O_CREAT)

    signal.signal(signal.SIGINT, signal.default_int_handler)  # the server is deaf to it
    for name in CALLS:
        wrap(os, name)
    wrap(os, "open", creates)
    wrap(builtins, "open", opens)
    wrap(io, "open", opens)
    wrap(rename, "_renameat2")
    if kind in ("short", "torn"):
        if kind == "torn":
            signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (at, resource.RLIM_INFINITY))
    if kind == "memory":
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limit = pages * resource.getpagesize() + at * 1024
        resource.setrlimit(resource.RLIMIT_AS, (limit, MEMORY))
    code = run(shlex.split(line))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    sys.stdout.flush()
    sys.stderr.flush()
    for number, each in zip((1, 2), printed):
        os.write(number, each.getvalue())
    with real_open(streams / "calls", "w") as file:
        file.write(str(next(numbers) - 1))
    os._exit(code)

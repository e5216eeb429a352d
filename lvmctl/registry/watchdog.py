"""A plugin that hangs while it loads: which one it is, and an end to it."""

from __future__ import annotations

import itertools
import os
import signal
import sys
import threading
import time
from contextlib import suppress
from types import FrameType
from typing import Any

from lvmctl.core.errors import UsageError
from lvmctl.registry import DISABLE_VARIABLE
from lvmctl.registry.find import Found

VARIABLE = "LVMCTL_IMPORT_TIMEOUT"
"""Environment variable: seconds after which a plugin that still loads is named."""

SECONDS = 10.0
LONGEST = 86_400.0
GIVEN_UP = 3
"""A plugin may take this many times as long before it is left out."""

AGAIN = 0.1
"""Seconds between two attempts to end it: one that retries whatever went wrong is met at that."""

ATTEMPTS = 10
"""After so many it is said that a plugin cannot be interrupted."""

SIGNAL = signal.SIGVTALRM
"""Any that interrupts a system call; SIGALRM may be a test runner's."""


class GivenUp(BaseException):
    """A plugin took too long. No ``Exception``, so that its own handlers let it through."""


def patience() -> float:
    """Seconds after which a plugin is named, from :data:`VARIABLE`.

    Raises:
        UsageError: it is not a number of seconds.
    """
    text = os.environ.get(VARIABLE) or str(SECONDS)
    with suppress(ValueError):
        if 0 < float(text) <= LONGEST:
            return float(text)
    raise UsageError(
        f"{text!r} is not a number of seconds",
        where=VARIABLE,
        mend=f"give one above 0 and up to {LONGEST:g}, or unset it for {SECONDS:g}",
    )


class Watchdog:
    """While held as a context manager, watches a plugin load.

    After ``seconds`` it names the plugin on stderr; from then on a Ctrl-C leaves out that plugin
    instead of ending the command. After :data:`GIVEN_UP` times as long it interrupts the plugin,
    whether that computes or waits. What it cannot interrupt is a system call or a library that
    takes no signal, which it says, and C code that never lets another thread run. Outside the
    main thread it only names the plugin.

    Raises:
        GivenUp: on leaving, when the plugin was interrupted.
    """

    def __init__(self, found: Found, seconds: float) -> None:
        self.found, self.seconds, self.limit = found, seconds, GIVEN_UP * seconds
        self.told = self.expired = False
        self.over = threading.Event()

    def __enter__(self) -> Watchdog:
        self.begin = time.monotonic()
        self.in_main = threading.current_thread() is threading.main_thread()
        if self.in_main:
            # Stays installed: the default action of a signal that comes late ends the process.
            signal.signal(SIGNAL, self._interrupt)
        threading.Thread(target=self._watch, daemon=True).start()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, _: Any) -> None:
        self.over.set()
        if self.told and self.in_main and kind is KeyboardInterrupt:
            raise GivenUp(f"interrupted after {time.monotonic() - self.begin:.3g} s") from error

    def _watch(self) -> None:
        if self.over.wait(self.seconds):
            return
        self.told = True
        keep_out = f"{DISABLE_VARIABLE}={self.found.name} keeps it out"
        ending = f"it is left out after {self.limit:g} s, Ctrl-C does so now, "
        self._say(
            f"has been loading for {self.seconds:g} s; {ending if self.in_main else ''}{keep_out}"
        )
        if self.over.wait(self.limit - self.seconds) or not self.in_main:
            return
        self.expired = True
        for attempt in itertools.count(1):
            signal.pthread_kill(threading.main_thread().ident, SIGNAL)
            if self.over.wait(AGAIN):
                return
            if attempt == ATTEMPTS:
                self._say(f"cannot be interrupted: kill process {os.getpid()}; {keep_out}")

    def _interrupt(self, _: int, __: FrameType | None) -> None:
        if self.expired and not self.over.is_set():
            mend = f"set {VARIABLE} above {self.seconds:g} to wait longer"
            raise GivenUp(f"did not load within {self.limit:g} s; {mend}")

    def _say(self, what: str) -> None:
        with suppress(OSError, ValueError):  # nobody reads it
            print(f"lvmctl: plugin {self.found} {what}", file=sys.stderr, flush=True)

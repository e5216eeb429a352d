"""SIGINT, SIGTERM and SIGHUP end a training at the next safe moment, with everything saved."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, TypeVar

Result = TypeVar("Result")

SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)
"""What ends a training. Windows has no SIGHUP, which a terminal sends that is closed."""


class Signalled(Exception):
    """A signal came in the middle of what is left unfinished."""


def unless_signalled(task: Callable[..., Result], *arguments: Any) -> Result | None:
    """What ``task(*arguments)`` gives; None where a signal came in the middle."""
    try:
        return task(*arguments)
    except Signalled:
        return None


class Interrupts:
    """While held as a context manager, remembers a signal in :attr:`received`.

    The training loop looks at it between steps, so a checkpoint is complete and on disk before
    the process ends. A second SIGINT ends the process at once.
    """

    def __init__(self) -> None:
        self.received: int | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Interrupts:
        if threading.current_thread() is threading.main_thread():
            for number in SIGNALS:
                if signal.getsignal(number) != signal.SIG_IGN:  # a background job stays deaf
                    self._before[number] = signal.signal(number, self._receive)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def check(self) -> None:
        """Leave what can be done again later, when a signal came."""
        if self.received is not None:
            raise Signalled

    def _receive(self, number: int, _: FrameType | None) -> None:
        if self.received is not None and number == signal.SIGINT:
            os._exit(128 + number)
        self.received = number

"""What a command's process needs: streams that can be written to, and a SIGTERM that cleans up."""

from __future__ import annotations

import io
import os
import signal
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

STREAMS = ("stdin", "stdout", "stderr")
"""Python's names for the descriptors 0, 1 and 2."""


SMALL_MACHINE = 4
SPINS = 10_000


def prepare_torch() -> None:
    """Set what torch and OpenMP read when they are loaded, unless the user has set it.

    Large memory pages save a tenth of a bf16 training step. On a small machine, threads that spin
    until they are needed starve each other whenever it is busy, and threads that sleep at once pay
    for waking up a thousand times a step: they spin for some microseconds, then sleep.
    """
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")
    if (os.cpu_count() or 1) <= SMALL_MACHINE and "OMP_WAIT_POLICY" not in os.environ:
        os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
        os.environ.setdefault("GOMP_SPINCOUNT", str(SPINS))


TERMINATING = tuple(
    getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)
)


class Terminated(KeyboardInterrupt):
    """SIGTERM, or SIGHUP where the terminal is gone.

    Whatever lets a Ctrl-C through, such as a plugin's import, lets this through too.
    """

    def __init__(self, number: int = signal.SIGTERM) -> None:
        super().__init__()
        self.number = number


def open_streams() -> None:
    """Make every standard stream one that takes any text.

    A closed one (``lvmctl … 2>&-``) becomes the null device, on its own descriptor: otherwise the
    next file opened would get the number 1 or 2, and whatever is printed there. A character that
    the terminal's encoding lacks is shown escaped: it must not cost the work it reports on.
    """
    for number, name in enumerate(STREAMS):
        try:
            os.fstat(number)
        except OSError:
            null = os.open(os.devnull, os.O_RDWR)  # the lowest free number, so this one
            os.set_inheritable(null, True)
        if getattr(sys, name) is None:
            mode = "w" if number else "r"
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8", closefd=False))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def print_warnings_as_lines() -> None:
    """Show a warning as one line, without the place in the source that gave it."""
    warnings.formatwarning = lambda message, *_, **__: (
        f"warning: {' '.join(str(message).split())}\n"
    )


def settle_streams() -> None:
    """Write out what is buffered; what cannot be written is not tried again when Python exits."""
    for number, name in enumerate(STREAMS):
        try:
            getattr(sys, name).flush()
        except (OSError, ValueError):
            with suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), number)


@contextmanager
def unwinding() -> Iterator[None]:
    """SIGTERM and SIGHUP raise :class:`Terminated`, and SIGINT a KeyboardInterrupt, so that
    ``finally`` blocks remove temporary files.

    One that whoever started this process set to be ignored, as nohup does, stays ignored.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handlers = {n: _terminate for n in TERMINATING if signal.getsignal(n) == signal.SIG_DFL}
    if signal.getsignal(signal.SIGINT) != signal.SIG_IGN:
        handlers[signal.SIGINT] = signal.default_int_handler
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _terminate(number: int, _: FrameType | None) -> None:
    raise Terminated(number)

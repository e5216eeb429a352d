"""Errors a user can repair. Each prints as one line: what is wrong, where, and the hint.

The exit codes are the command line's contract: 0 ok, 1 a gate failed, 2 usage, 3 bad data,
4 bad checkpoint or run, 5 diverged, 6 input/output or memory, 70 a fault of lvmctl itself, 130 and
143 for SIGINT and SIGTERM, 129 for SIGHUP.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

with suppress(ImportError):  # Windows; and not later, when there may be no memory to load it
    import resource


class LvmctlError(Exception):
    """Base of every error shown to the user without a traceback.

    Args:
        what: what is wrong, one clause.
        where: file, option or plugin it was found in.
        hint: what the user can do about it.
    """

    exit_code = 1

    def __init__(self, what: str, *, where: object = None, hint: str | None = None) -> None:
        self.what = what
        self.where = None if where is None else str(where)
        self.hint = hint
        super().__init__(str(self))

    def __str__(self) -> str:
        line = self.what if self.where is None else f"{self.where}: {self.what}"
        return line if self.hint is None else f"{line}; {self.hint}"


class UsageError(LvmctlError):
    """The command, an option or a name is wrong."""

    exit_code = 2


class PluginError(UsageError):
    """A plugin is broken, missing, contested or written for another API."""


class DataError(LvmctlError):
    """A store, an NPZ or a text source cannot be used."""

    exit_code = 3


def refuse(wrong: object, what: str, where: object = None, hint: str | None = None) -> None:
    """Raise a :class:`DataError` where something is ``wrong``."""
    if wrong:
        raise DataError(what, where=where, hint=hint)


@contextmanager
def located(where: object) -> Iterator[None]:
    """Say of a :class:`DataError` inside that names no place that it was found in ``where``."""
    try:
        yield
    except DataError as error:
        if error.where is not None:
            raise
        raise DataError(error.what, where=where, hint=error.hint) from error


class RunError(LvmctlError):
    """A run directory or a checkpoint cannot be used."""

    exit_code = 4


class DivergedError(LvmctlError):
    """Training produced too many non-finite losses or gradients."""

    exit_code = 5


class OutputError(LvmctlError):
    """A file cannot be written: it exists, the disk is full or the place is read-only."""

    exit_code = 6


class Interrupted(LvmctlError):
    """A signal ended the command after everything worth keeping was saved.

    Args:
        signum: the signal's number; the exit code is ``128 + signum``.
    """

    def __init__(self, signum: int, what: str, **details: str | None) -> None:
        super().__init__(what, **details)
        self.exit_code = 128 + signum


def first_line(error: BaseException) -> str:
    """The first line of an error's message; its type where it has none."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def content_fault(error: Exception) -> str:
    """What is wrong with the content of a file that could not be used: ``'recipe' is missing``."""
    if isinstance(error, KeyError):
        return f"{first_line(error)} is missing"
    return f"{type(error).__name__}: {first_line(error)}"


def nearest(name: str, known: list[str]) -> str | None:
    """The known name most like ``name``, or None when nothing is close."""
    import difflib

    spelled = {each.casefold(): each for each in reversed(known)}
    close = difflib.get_close_matches(name.casefold(), spelled, n=1, cutoff=0.6)
    return spelled[close[0]] if close else None


def did_you_mean(name: str, known: Iterable[str], otherwise: str | None = None) -> str:
    """A hint for a name that there is not: the nearest known one, else ``otherwise`` or all."""
    known = list(known)
    close = nearest(name, known)
    return f"did you mean {close!r}?" if close else otherwise or f"there are {', '.join(known)}"


MEMORY = re.compile(
    r"(can't|cannot|could not|unable to) allocate|(out of|not enough) memory|bad_alloc"
    r"|failed to map segment|can't start new thread",
    re.I,
)
"""How NumPy, torch, the C library, the loader of libraries and the drivers say that memory ran
out."""

SPEECHLESS = re.compile(r"without (exception set|setting an exception)")
"""How Python says that a library failed and did not say why."""


def out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out, here or on the accelerator."""
    return memory_error(error) is not None


def memory_error(error: BaseException | None) -> BaseException | None:
    """The error that says that memory ran out: ``error`` itself, or one that it hides, as what
    torch raises when a file in memory does not grow; None where memory did not run out."""
    while error is not None:
        known = isinstance(error, RuntimeError | OSError | ImportError)
        if isinstance(error, MemoryError) or (known and MEMORY.search(str(error))):
            return error
        if isinstance(error, SystemError) and SPEECHLESS.search(str(error)) and is_limited():
            return error
        error = error.__context__
    return None


def is_limited() -> bool:
    """Whether this process may have only so much memory (``ulimit -v``), so that libraries that do
    not say why they fail most likely found none."""
    if "resource" not in globals():
        return False
    return resource.getrlimit(resource.RLIMIT_AS)[0] != resource.RLIM_INFINITY

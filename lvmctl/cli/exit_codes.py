"""How a command ends that did not end well: the exit code and the one line of an exception."""

from __future__ import annotations

import os
import traceback
from contextlib import suppress
from typing import TYPE_CHECKING

import click

from lvmctl import processes
from lvmctl.cli.process import Terminated
from lvmctl.core.errors import LvmctlError, OutputError, memory_error

if TYPE_CHECKING:
    from lvmctl.registry import Entry

BUG = 70
INTERRUPTED, BROKEN_PIPE, TERMINATED = 128 + 2, 128 + 13, 128 + 15


def report(error: BaseException, debug: bool, command: Entry | None = None) -> int:
    """Write the one line of an exception to stderr, after its traceback for ``debug``, where no
    other process of the job has said why it ends; its exit code."""
    from lvmctl.cli.output import write_line

    code, line = ending(error, command)
    with suppress(OSError):  # nobody reads stderr any more
        if debug:
            traceback.print_exception(error)
    if processes.speaks_first():
        write_line(f"error: {' '.join(line.split())}")
    return code


def ending(error: BaseException, command: Entry | None = None) -> tuple[int, str]:
    """The exit code of an exception and its line, without the ``error:``. ``command`` is the
    plugin's command that ran, None for one of lvmctl's own."""
    if isinstance(error, click.ClickException):
        return error.exit_code, _usage(error)
    if isinstance(error, LvmctlError):
        return error.exit_code, str(error)
    if isinstance(error, Terminated):
        by = " by torchrun: it was stopped, or another process ended"
        return 128 + error.number, "terminated" + (by if processes.size() > 1 else "")
    if isinstance(error, KeyboardInterrupt | click.Abort):
        return INTERRUPTED, "interrupted"
    if short := memory_error(error):
        reason = str(short).partition("\n")[0] or "Python found no room"
        hint = "make the model, the batch or the data smaller, or use a machine with more"
        return OutputError.exit_code, f"not enough memory ({reason}); {hint}"
    if isinstance(error, OSError):
        return OutputError.exit_code, _system(error)
    if command is not None:
        from lvmctl.registry.faults import plugin_error

        fault = plugin_error(command, error)
        return fault.exit_code, str(fault)
    line = f"this is a fault in lvmctl: {type(error).__name__}: {error}"
    return BUG, line + "; run `lvmctl --debug …` for the traceback"


def _usage(error: click.ClickException) -> str:
    """Click's message as one line, with where to read more."""
    line = error.format_message().rstrip(".")
    context = getattr(error, "ctx", None)
    if context is None or ";" in line:
        return line
    return f"{line}; see `{context.command_path} --help`"


def _system(error: OSError) -> str:
    """An error of the operating system, with the file it is about."""
    if error.filename:
        return f"{error.filename}: {error.strerror or error}"
    try:
        os.getcwd()
    except FileNotFoundError:
        return "the working directory was deleted; change to one that exists, e.g. `cd ~`"
    return str(error.strerror or error)

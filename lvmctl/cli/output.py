"""stdout is data, stderr is the log: the only file that decides how a command prints.

Of the processes of one job the first alone prints.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import click

from lvmctl import processes
from lvmctl.core.files import jsonable
from lvmctl.core.formatting import paragraph

COLOURS = {
    **dict.fromkeys(("PASS", "HEALTHY", "MATCH", "CLEAN", "FEASIBLE"), "green"),
    **dict.fromkeys(("FAIL", "DIVERGED", "COPYING", "MISMATCH", "OVERLAPS", "LEAKS"), "red"),
    **dict.fromkeys(("MARGINAL", "UNDECIDED", "INFEASIBLE", "VACUOUS", "ABSENT"), "yellow"),
}
"""Colours of verdicts; the word alone says the same."""

VERDICT = re.compile(rf"\b({'|'.join(COLOURS)})\b")

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""What steers a terminal; names, titles and texts of others may hold it."""

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
"""Adds ``--json``; the command receives ``as_json``."""


def emit(obj: Mapping[str, Any], schema: str, as_json: bool, text: str | Callable[[], str]) -> None:
    """Print a command's result on stdout, once.

    ``obj`` is the result, as :func:`~lvmctl.core.files.jsonable` takes it, and ``text`` the same
    for a reader, or what makes it. The schema is the command, dotted, and its version where that is
    not 1: ``"eval.5cat/2"`` gives ``"schema": "lvmctl.eval.5cat/2"``.
    """
    if processes.rank():
        return
    if as_json:
        named = f"lvmctl.{schema}" if "/" in schema else f"lvmctl.{schema}/1"
        click.echo(json.dumps(jsonable({"schema": named, **obj}), indent=2))
    else:
        shown = text() if callable(text) else text
        if shown:
            click.echo(coloured(printable(shown)))


def printable(text: str) -> str:
    """``text`` with control characters, but for tabs and new lines, as they are written in code."""
    return CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def coloured(text: str) -> str:
    """``text`` with its verdicts in colour; click takes colours out where stdout is no terminal."""
    if os.environ.get("NO_COLOR"):
        return text
    return VERDICT.sub(lambda word: click.style(word[0], fg=COLOURS[word[0]]), text)


def notice(message: str) -> None:
    """Write a message to stderr: folded on a terminal, else as one line, which scripts can search.
    Where stderr is closed, the work goes on."""
    if not processes.rank():
        write_line(message)


def write_line(message: str) -> None:
    """:func:`notice` of whichever process."""
    text = printable(message)
    if is_terminal():
        text = "\n".join(paragraph(line, indent="  ") for line in text.split("\n"))
    with suppress(OSError, ValueError):
        click.echo(text, err=True)


def is_terminal() -> bool:
    """Whether this process writes to a terminal, on stderr."""
    try:
        return not processes.rank() and sys.stderr.isatty()
    except ValueError:  # closed
        return False

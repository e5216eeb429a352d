"""Which run a command takes that was given none."""

from __future__ import annotations

import sys
import time

import click

from lvmctl.cli.output import notice
from lvmctl.core.formatting import table
from lvmctl.core.runs import date_of, finished_runs, newest_run, short_name

MAX_OFFERED = 9
"""Runs that are offered; the others can be typed."""


def run_or_newest(run: str | None) -> str:
    """The run that was named, else the one trained last; where there are several, stderr says so.

    Raises:
        RunError: none was named and there is none.
    """
    if run is not None:
        return run
    newest, found = newest_run(), finished_runs()
    if len(found) > 1:
        notice(f"{newest}: the newest of {len(found)} runs")
    return str(newest)


def runs_or_newest(runs: tuple[str, ...]) -> tuple[str, ...]:
    """The runs that were named, else the one trained last; see :func:`run_or_newest`."""
    return runs or (run_or_newest(None),)


def runs_or_asked(runs: tuple[str, ...], ask: bool) -> tuple[str, ...]:
    """The runs that were named, else the one that is chosen at the terminal.

    Args:
        ask: offer the runs where there are several and stdin is a terminal; else, and elsewhere,
            it is the one trained last.

    Raises:
        RunError: none was named and there is none.
    """
    found = [] if runs else finished_runs()
    if len(found) < 2 or not ask or not sys.stdin.isatty():
        return runs_or_newest(runs)
    offered = found[:MAX_OFFERED]
    dates = [time.strftime("%Y-%m-%d %H:%M", time.localtime(date_of(path))) for path in offered]
    rows = [
        (str(n), short_name(path), date) for n, (path, date) in enumerate(zip(offered, dates), 1)
    ]
    notice(table(("", "NAME", "DATE"), rows))
    if more := len(found) - len(offered):
        notice(f"and {more} more: lvmctl runs list")
    answer = click.prompt("number or name of a run", default="1", err=True)
    if answer.isdecimal() and 1 <= int(answer) <= len(offered):
        return (str(offered[int(answer) - 1]),)
    return (answer,)

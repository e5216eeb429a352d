"""Which run a command takes: the one that is named, or the newest. Torch-free."""

from __future__ import annotations

import sys
import time

import click

from lvmctl.cli.output import notice
from lvmctl.core.formatting import table
from lvmctl.core.runs import date_of, find_run, finished_runs, newest_run, short_name

MAX_OFFERED = 9
"""Runs that are offered; the others can be typed."""


def chosen_run(run: str | None) -> str:
    """Where the run that was named is, else the one trained last, which stderr names where there
    are several."""
    if run is not None:
        return str(find_run(run))
    newest, runs = newest_run(), finished_runs()
    if len(runs) > 1:
        notice(f"{newest}: the newest of {len(runs)} runs")
    return str(newest)


def chosen_runs(runs: tuple[str, ...], ask: bool = False) -> tuple[str, ...]:
    """Where the runs that were named are, else the one trained last; ``ask`` offers several on a
    terminal."""
    if runs:
        return tuple(map(chosen_run, runs))
    finished = finished_runs()
    if len(finished) < 2 or not ask or not sys.stdin.isatty():
        return (chosen_run(None),)
    offered = finished[:MAX_OFFERED]
    dates = [time.strftime("%Y-%m-%d %H:%M", time.localtime(date_of(path))) for path in offered]
    rows = [
        (str(n), short_name(path), date) for n, (path, date) in enumerate(zip(offered, dates), 1)
    ]
    notice(table(("", "NAME", "DATE"), rows))
    if more := len(finished) - len(offered):
        notice(f"and {more} more: lvmctl runs list")
    answer = click.prompt("number or name of a run", default="1", err=True)
    if answer.isdecimal() and 1 <= int(answer) <= len(offered):
        return (str(offered[int(answer) - 1]),)
    return (chosen_run(answer),)

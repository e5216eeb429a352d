"""``lvmctl eval compare``: runs and baselines in one table, differences, and who may ship."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from typing import Any

import click

from lvmctl.cli.choose_run import chosen_runs
from lvmctl.cli.complete import records, run_names
from lvmctl.cli.eval.options import data_options
from lvmctl.cli.output import emit, json_option
from lvmctl.cli.reporter import TerminalReporter


@click.command()
@click.argument("runs", nargs=-1, shell_complete=run_names)
@click.option(
    "--against",
    default="direct",
    show_default=True,
    metavar="BASELINE",
    shell_complete=records("baseline"),
    help="What the differences are taken to.",
)
@data_options
@json_option
def compare(runs: tuple[str, ...], against: str, as_json: bool, **request: Any) -> None:
    """Compare RUNS (the latest when none is named) with each other and with the baselines.

    All are measured on the same targets. Differences are taken window by window, their intervals
    resample articles. The profile `ship`, where a plugin has it, says which run may replace the
    model in use. Exit code 1 when every run fails it.

    \b
    lvmctl eval compare runs/p8_a runs/p8_b
    lvmctl eval compare runs/p8_a --against wiener --data stores/books@val
    """
    runs = chosen_runs(runs)
    from lvmctl.api.evaluation import compare as evaluate

    with redirect_stdout(sys.stderr):
        done = evaluate(runs, against, reporter=TerminalReporter(), **request)
    emit(done.to_dict(), "eval.compare", as_json, done.table)
    if all(run.ship is not None and run.ship.failed for run in done.runs):
        raise click.exceptions.Exit(1)

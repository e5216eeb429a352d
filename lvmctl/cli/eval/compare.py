"""``lvmctl eval compare``: runs and baselines in one table, differences, and who may ship."""

from __future__ import annotations

from typing import Any

import click

from lvmctl.cli.choose_run import chosen_runs
from lvmctl.cli.complete import records, run_names
from lvmctl.cli.eval.levels import Measured, show_level
from lvmctl.cli.eval.options import data_options
from lvmctl.cli.output import json_option
from lvmctl.cli.reporter import TerminalReporter


@click.command()
@click.argument("runs", nargs=-1, shell_complete=run_names)
@click.option(
    "--against",
    default="direct",
    show_default=True,
    metavar="NAME",
    shell_complete=records("baseline"),
    help="What the differences are taken to: a baseline, or one of RUNS.",
)
@data_options
@json_option
def compare(
    runs: tuple[str, ...], against: str, level: str | None, as_json: bool, **request: Any
) -> None:
    """Compare RUNS (the latest when none is named) with each other and with the baselines.

    All are measured on the same targets. Differences are taken window by window, their intervals
    resample articles. A model of the published project, its folder or file, is compared like a run
    (it needs --data). The profile `ship`, where a plugin has it, says which run may replace the
    model in use. Exit code 1 when every run fails it.

    \b
    lvmctl eval compare runs/p8_a runs/p8_b --against p8_a
    lvmctl eval compare runs/p8_a --against wiener --data stores/books@val
    """
    runs = chosen_runs(runs)
    from lvmctl.api.evaluation import compare as evaluate

    failed = []

    def measure(level: str | None) -> Measured:
        done = evaluate(runs, against, level=level, reporter=TerminalReporter(), **request)
        failed.append(all(run.ship is not None and run.ship.failed for run in done.runs))
        return done.to_dict(), done.table

    show_level(level, runs[0], request["data"], measure, "eval.compare", as_json)
    if any(failed):
        raise click.exceptions.Exit(1)

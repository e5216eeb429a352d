"""``lvmctl eval report``: one page about one run or several."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from pathlib import Path

import click

from lvmctl.cli.choose_run import chosen_runs
from lvmctl.cli.complete import run_names
from lvmctl.cli.output import emit, json_option
from lvmctl.cli.reporter import TerminalReporter


@click.command()
@click.argument("runs", nargs=-1, metavar="[RUN]...", shell_complete=run_names)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The page.  [default: report.html in the run, when it is one]",
)
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@click.option(
    "--partial", is_flag=True, help="Show the last partial evaluation, 5cat_partial.json."
)
@json_option
def report(
    runs: tuple[str, ...], out: Path | None, force: bool, partial: bool, as_json: bool
) -> None:
    """One self-contained page with plots about each RUN.

    It reads what `lvmctl eval 5cat` saved of the run's own data, and evaluates a run first whose
    result is missing or older than its weights. The page loads nothing, needs no JavaScript and can
    be mailed. Without a RUN, a terminal offers the runs there are; elsewhere it is the latest.

    \b
    lvmctl eval report
    lvmctl eval report runs/p8_a runs/p8_b --out report.html
    """
    runs = chosen_runs(runs, ask=not as_json)
    with redirect_stdout(sys.stderr):
        from lvmctl.report.job import make_report

        done = make_report(runs, out, force, TerminalReporter(), partial)
    emit(done.to_dict(), "eval.report", as_json, str(done.out))

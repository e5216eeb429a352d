"""``lvmctl eval 5cat``: every test, its interval, its baselines, its ceiling and its verdict."""

from __future__ import annotations

from typing import Any

import click

from lvmctl.cli.choose_run import chosen_run
from lvmctl.cli.complete import records
from lvmctl.cli.eval.levels import Measured, show_level
from lvmctl.cli.eval.options import data_options, ood_option, run_argument
from lvmctl.cli.output import json_option, notice
from lvmctl.cli.renamed import Renamed
from lvmctl.cli.reporter import TerminalReporter
from lvmctl.evaluation.gates.profiles import find_profile
from lvmctl.registry import load_registry


@click.command("5cat")
@run_argument
@data_options
@ood_option
@click.option(
    "--profile",
    default="fair",
    shell_complete=records("profile"),
    show_default=True,
    help="Whose gates; `lvmctl plugins list --kind profile` has them.",
)
@click.option(
    "--published-rules",
    cls=Renamed,
    was=["--seed-rules"],
    is_flag=True,
    help="Judge by the published rules, feasible or not.",
)
@click.option(
    "--ablation-windows",
    cls=Renamed,
    was=["--spoilt-windows"],
    type=click.IntRange(1),
    metavar="N",
    default=2000,
    show_default=True,
    help="Windows of tests C and D, whole articles; each costs a dozen predictions.",
)
@click.option("--full", is_flag=True, help="Show every row of the five tests.")
@json_option
def fivecat(
    run: str | None,
    profile: str,
    level: str | None,
    full: bool,
    as_json: bool,
    **request: Any,
) -> None:
    """Five tests of RUN by both rule sets, and the verdict of a profile.

    Exit code 1 when the profile fails. The result is saved as 5cat_results.json in the run; an
    evaluation on other data, or on part of it, as 5cat_partial.json beside it.

    \b
    lvmctl eval 5cat
    lvmctl eval 5cat runs/p8_a --profile p8
    lvmctl eval 5cat --data stores/books@val --profile strict --published-rules
    """
    find_profile(load_registry(), profile)
    run = chosen_run(run)
    from lvmctl.api.evaluation import fivecat as evaluate

    each = []

    def measure(level: str | None) -> Measured:
        done = evaluate(
            run,
            profile,
            level=level,
            save=False,
            reporter=TerminalReporter(),
            **request,
        )
        each.append(done)
        return done.to_dict(), lambda: done.table(full)

    show_level(level, run, request["data"], measure, "eval.5cat/2", as_json)
    for done in each:  # a full disk costs the file, not the metrics
        path = done.save()
        if done.partial:
            notice(f"{', '.join(done.partial)}: not the run's own evaluation, saved as {path}")
    if any(done.verdict.failed for done in each):
        raise click.exceptions.Exit(1)

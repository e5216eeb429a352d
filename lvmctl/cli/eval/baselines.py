"""``lvmctl eval baselines``: what needs no model."""

from __future__ import annotations

from typing import Any

import click

from lvmctl.cli.eval.levels import Measured, show_level
from lvmctl.cli.eval.options import data_options
from lvmctl.cli.output import json_option
from lvmctl.cli.reporter import TerminalReporter
from lvmctl.config import TRANSFORMS


@click.command()
@data_options
@click.option("--context", type=click.IntRange(1), default=5, show_default=True, help="K, chunks.")
@click.option("--horizon", type=click.IntRange(1), default=1, show_default=True, help="h, ahead.")
@click.option(
    "--transform",
    type=click.Choice(TRANSFORMS),
    help="What chunks go through first, fitted on the training articles.",
)
@click.option("--full", is_flag=True, help="Show every metric.")
@json_option
def baselines(level: str | None, full: bool, as_json: bool, **request: Any) -> None:
    """Baselines and oracles on the validation split of a store; no model is needed.

    Baselines that learn (ema, wiener, ridge, anything centred) are fitted on its training split;
    a store without splits is split as train does. With --train, they are fitted on that, and all of
    --data is evaluated.

    \b
    lvmctl eval baselines
    lvmctl eval baselines --data stores/books
    lvmctl eval baselines --data stores/books --train stores/essays --json
    lvmctl eval baselines --data stores/books --level all
    lvmctl eval baselines --transform centred
    """
    from lvmctl.api.evaluation import evaluate_baselines

    def measure(level: str | None) -> Measured:
        done = evaluate_baselines(level=level, reporter=TerminalReporter(), **request)
        return done.to_dict(), lambda: done.table(full)

    show_level(level, None, request["data"], measure, "eval.baselines", as_json)

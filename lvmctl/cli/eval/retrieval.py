"""``lvmctl eval retrieval``: the rank of the true chunk."""

from __future__ import annotations

from typing import Any

import click

from lvmctl.cli.choose_run import chosen_run
from lvmctl.cli.eval.levels import Measured, show_level
from lvmctl.cli.eval.options import data_options, run_argument
from lvmctl.cli.output import json_option
from lvmctl.cli.reporter import TerminalReporter
from lvmctl.evaluation.rendering import POOLS, ranks_text


@click.command()
@run_argument
@data_options
@click.option(
    "--pool",
    type=click.Choice(list(POOLS)),
    default="in-article",
    show_default=True,
    help="What the target is ranked among.",
)
@json_option
def retrieval(run: str | None, pool: str, level: str | None, as_json: bool, **request: Any) -> None:
    """Rank the true chunk among candidates, for RUN and every baseline.

    Rank = 1 + better + half of the ties, exact in float64. Chance and the mean pool size stand
    below the table.

    \b
    lvmctl eval retrieval
    lvmctl eval retrieval runs/p8_a --data stores/books --pool global
    """
    run = chosen_run(run)
    from lvmctl.api.evaluation import evaluate

    family, _, name = POOLS[pool][0].partition(".")
    pools = (name,) if family == "in_article" else ()

    def measure(level: str | None) -> Measured:
        done = evaluate(
            run,
            pools=pools,
            global_pool=family == "global",
            level=level,
            reporter=TerminalReporter(),
            **request,
        )
        record = {"pool": pool, **done.to_dict()}
        return record, lambda: ranks_text(record, pool)

    show_level(level, run, request["data"], measure, "eval.retrieval", as_json)

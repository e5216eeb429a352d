"""``lvmctl eval direction``: cosines and margins, by name."""

from __future__ import annotations

from typing import Any

import click

from lvmctl.cli.choose_run import chosen_run
from lvmctl.cli.eval.levels import Measured, show_level
from lvmctl.cli.eval.options import data_options, run_argument
from lvmctl.cli.output import json_option
from lvmctl.cli.reporter import TerminalReporter
from lvmctl.evaluation.rendering import margins_text


@click.command()
@run_argument
@data_options
@click.option("--full", is_flag=True, help="Show every metric.")
@json_option
def direction(
    run: str | None, level: str | None, full: bool, as_json: bool, **request: Any
) -> None:
    """Cosines to the target and to each previous chunk, by name, with margins and their ceilings.

    \b
    lvmctl eval direction
    lvmctl eval direction runs/p8_a --data stores/books@val --json
    """
    run = chosen_run(run)
    from lvmctl.api.evaluation import evaluate

    def measure(level: str | None) -> Measured:
        done = evaluate(
            run,
            pools=(),
            global_pool=False,
            ceilings=True,
            level=level,
            reporter=TerminalReporter(),
            **request,
        )
        record = done.to_dict()
        return record, lambda: margins_text(record, full)

    show_level(level, run, request["data"], measure, "eval.direction", as_json)

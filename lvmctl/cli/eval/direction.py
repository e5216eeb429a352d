"""``lvmctl eval direction``: cosines and margins, by name."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from typing import Any

import click

from lvmctl.cli.choose_run import chosen_run
from lvmctl.cli.eval.options import data_options, run_argument
from lvmctl.cli.output import emit, json_option
from lvmctl.cli.reporter import TerminalReporter
from lvmctl.evaluation.rendering import margins_text


@click.command()
@run_argument
@data_options
@click.option("--full", is_flag=True, help="Show every metric.")
@json_option
def direction(run: str | None, full: bool, as_json: bool, **request: Any) -> None:
    """Cosines to the target and to each previous chunk, by name, with margins and their ceilings.

    \b
    lvmctl eval direction
    lvmctl eval direction runs/p8_a --data stores/books@val --json
    """
    run = chosen_run(run)
    from lvmctl.api.evaluation import evaluate

    with redirect_stdout(sys.stderr):
        done = evaluate(
            run,
            pools=(),
            global_pool=False,
            ceilings=True,
            reporter=TerminalReporter(),
            **request,
        )
    record = done.to_dict()
    emit(record, "eval.direction", as_json, lambda: margins_text(record, full))

"""Options that the ``eval`` commands share."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click

from lvmctl.cli.complete import SOURCE, run_names
from lvmctl.cli.typos import check_sources

run_argument = click.argument("run", required=False, shell_complete=run_names)

DATA = (
    click.option("--data", help="Evaluate on this store, NPZ or synth: source.", **SOURCE),
    click.option(
        "--train",
        multiple=True,
        help="Fit baselines on this; repeat.  [default: a run's training data]",
        **SOURCE,
    ),
    click.option(
        "--max-windows",
        type=click.IntRange(1),
        metavar="N",
        help="Whole articles until they hold N windows.",
    ),
    click.option(
        "--min-article",
        type=click.IntRange(2),
        metavar="N",
        help="Shortest article of in-article ranks.  [default: the run's, or 20]",
    ),
    click.option(
        "--level", metavar="NAME", help="Level of the stores, or all.  [default: the run's]"
    ),
)
ood_option = click.option("--ood", help="Text of another source.", **SOURCE)


def data_options(command: Callable) -> Callable:
    """Adds :data:`DATA`; what the options name is looked for before the command begins."""

    @functools.wraps(command)
    def checked(**values: Any) -> Any:
        check_sources([values["data"], values["train"], values.get("ood")])
        return command(**values)

    made: Callable = checked
    for option in reversed(DATA):
        made = option(made)
    return made

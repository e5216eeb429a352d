"""Options that the ``eval`` commands share."""

from __future__ import annotations

from collections.abc import Callable

import click

run_argument = click.argument("run", required=False)

DATA = (
    click.option("--data", metavar="SOURCE", help="Evaluate on this store, NPZ or synth: source."),
    click.option(
        "--train",
        multiple=True,
        metavar="SOURCE",
        help="Fit baselines on this; repeat.  [default: a run's training data]",
    ),
    click.option(
        "--max-windows", type=click.IntRange(1), metavar="N", help="Whole articles up to N windows."
    ),
    click.option(
        "--min-article",
        type=click.IntRange(2),
        metavar="N",
        help="Shortest article of in-article ranks.  [default: the run's, or 20]",
    ),
)
ood_option = click.option("--ood", metavar="SOURCE", help="Text of another source.")


def data_options(command: Callable) -> Callable:
    """Adds ``--data``, ``--train``, ``--max-windows`` and ``--min-article``."""
    for option in reversed(DATA):
        command = option(command)
    return command

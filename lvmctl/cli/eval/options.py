"""Options that the ``eval`` commands share, and how they print figures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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


def number(value: float | None) -> str:
    """A figure to three places: ``.249``, ``-.025``, ``1.000``; ``-`` where there is none."""
    if value is None:
        return "-"
    text = f"{round(value, 3) + 0:.3f}"
    return text.replace("0.", ".", 1) if abs(value) < 0.9995 else text


def interval(ci: Any) -> str:
    """``[.21, .29]``, nothing where there is no interval."""
    if ci is None or None in ci or any(end != end for end in ci):
        return ""
    return f"[{number(ci[0])}, {number(ci[1])}]"


def beside(tree: dict[str, Any], path: str) -> tuple[str, str]:
    """The figure at a dotted path of a predictor's tree, and its interval."""
    *parents, name = path.split(".")
    for parent in parents:
        tree = tree.get(parent) or {}
    return number(tree.get(name)), interval(tree.get("ci", {}).get(name))

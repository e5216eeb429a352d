"""5CAT D: predictions that are read as if they were chunks, step by step."""

from __future__ import annotations

import math
from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lvmctl.report.drawing import BASELINES, RUN, canvas, in_style, legend
from lvmctl.report.inputs import Inputs
from lvmctl.report.numbers import at, interval_at, with_interval
from lvmctl.report.section import Missing, Section, plotted

TITLE = "D: rollout"
BESIDE = ("direct", "wiener")
STEP = "step_"
APART = 0.06
"""Between the points of one step, so that their intervals do not cover one another."""


def section(run: Inputs) -> Section | Missing:
    if not steps(run.metrics):
        return Missing(TITLE, "no window has enough chunks after it")
    trees = {run.row: run.metrics} | {name: run.predictor(name) for name in BESIDE}
    shown = {name: tree for name, tree in trees.items() if steps(tree)}
    means = [f"{name} {with_interval(tree, 'rollout.mean')}" for name, tree in shown.items()]
    return plotted(
        run,
        "rollout",
        TITLE,
        draw(shown),
        f"Cosine to the true chunk by step of the rollout; mean of {', '.join(means)}",
        "Each prediction takes its place in the window as the newest chunk, the oldest leaves, and "
        "the next is predicted. Cosine to the true chunk of each step, with intervals.",
        f"Mean over the steps: {', '.join(means)}.",
    )


def steps(tree: dict[str, Any]) -> list[int]:
    """The measured steps, in order."""
    names = [name for name in tree.get("rollout") or {} if name.startswith(STEP)]
    numbers = sorted(int(name.removeprefix(STEP)) for name in names)
    return [step for step in numbers if math.isfinite(at(tree, f"rollout.{STEP}{step}"))]


@in_style
def draw(trees: dict[str, Any]) -> Figure:
    """Cosine by step, with intervals.

    Args:
        trees: figures by name; the run first.
    """
    figure, (axes,) = canvas(250)
    middle = (len(trees) - 1) / 2
    for number, (name, tree) in enumerate(trees.items()):
        look = BASELINES.get(name, RUN) if number else RUN
        there = steps(tree)
        places = [step + APART * (number - middle) for step in there]
        low, high = zip(*(interval_at(tree, f"rollout.{STEP}{step}") for step in there))
        axes.vlines(places, low, high, color=look.color, linewidth=1.2)
        look.plot(axes, places, [at(tree, f"rollout.{STEP}{step}") for step in there], name)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("step")
    axes.set_ylabel("cosine to the true chunk")
    legend(figure, axes)
    return figure

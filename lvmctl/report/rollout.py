"""5CAT D: predictions that are read as if they were chunks, step by step."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lvmctl.report.drawing import canvas, in_style, legend, side_by_side
from lvmctl.report.inputs import Inputs
from lvmctl.report.numbers import points, with_interval
from lvmctl.report.section import Missing, Section, plotted

TITLE = "D: rollout"
BESIDE = ("direct", "wiener")
APART = 0.06
"""Between the points of one step, so that their intervals do not cover one another."""


def section(run: Inputs) -> Section | Missing:
    trees = {name: tree for name, tree in run.beside(*BESIDE).items() if steps(tree)}
    if run.row not in trees:
        return Missing(TITLE, "no window has enough chunks after it")
    means = [f"{name} {with_interval(tree, 'rollout.mean')}" for name, tree in trees.items()]
    return plotted(
        run,
        "rollout",
        TITLE,
        draw(trees),
        f"Cosine to the true chunk by step of the rollout; mean of {', '.join(means)}",
        "Each prediction takes its place in the window as the newest chunk, the oldest leaves, and "
        "the next is predicted. Cosine to the true chunk of each step, with intervals.",
        f"Mean over the steps: {', '.join(means)}.",
    )


def steps(tree: dict[str, Any]) -> list[str]:
    """The paths of the steps, in order."""
    count = sum(name.startswith("step_") for name in tree.get("rollout") or {})
    return [f"rollout.step_{step}" for step in range(1, count + 1)]


@in_style
def draw(trees: dict[str, Any]) -> Figure:
    """Cosine by step, with intervals, of figures by name, the run first."""
    figure, (axes,) = canvas(250)
    for name, tree, look, away in side_by_side(trees, APART):
        place, values, low, high = points(tree, steps(tree))
        step = 1 + place + away
        axes.vlines(step, low, high, color=look.color, linewidth=1.2)
        look.plot(axes, step, values, name)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("step")
    axes.set_ylabel("cosine to the true chunk")
    legend(figure, axes)
    return figure

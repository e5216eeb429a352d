"""Margins against every previous chunk, each with the largest that its class allows."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure

from lvmctl.core.formatting import number
from lvmctl.report.drawing import canvas, in_style, legend, side_by_side
from lvmctl.report.inputs import Inputs
from lvmctl.report.numbers import at, points, with_interval
from lvmctl.report.section import Section, plotted

PREVIOUS = ("last", "second_last", "unseen")
STEP = 0.2
"""Between the predictors of one margin."""


def section(run: Inputs) -> Section:
    kind = run.result["geometry"]
    trees = run.beside("direct", "centroid") | ({"ceiling": run.bounds} if run.bounds else {})
    names = [p for p in PREVIOUS if p in run.metrics.get("margin", {})]
    margins = ", ".join(f"margin[{p}] {with_interval(run.metrics, f'margin.{p}')}" for p in names)
    tops = ", ".join(f"{p} {number(at(run.bounds, f'margin.{p}'))}" for p in names)
    return plotted(
        run,
        "margins",
        "Margins",
        draw(trees),
        f"Margins of {run.row}: {margins}",
        "margin[P] is cos(q, target) − cos(q, P); the ceiling is the largest that any model of "
        f"the class “{kind}” can have ({tops}).",
        "margin[last] below 0 is what a correct model of text has: it does not mean “backward”. "
        "second_last is diagnostic.",
    )


@in_style
def draw(trees: dict[str, Any]) -> Figure:
    """Margins as points with intervals, one row per previous chunk, of figures by name, the run
    first."""
    figure, (axes,) = canvas(230)
    for name, tree, look, away in side_by_side(trees, STEP):
        rows, values, low, high = points(tree, [f"margin.{p}" for p in PREVIOUS])
        axes.hlines(rows + away, low, high, color=look.color, linewidth=1.2)
        look.plot(axes, values, rows + away, name, linestyle="none")
    axes.axvline(0, color="black", linewidth=0.9)
    axes.set_yticks(range(len(PREVIOUS)), PREVIOUS)
    axes.invert_yaxis()
    axes.grid(False, axis="y")
    axes.set_xlabel("cos(q, target) − cos(q, previous)")
    legend(figure, axes, columns=4)
    return figure

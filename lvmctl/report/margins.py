"""Margins against every previous chunk, each with the largest that its class allows."""

from __future__ import annotations

import math
from typing import Any

from matplotlib.figure import Figure

from lvmctl.core.formatting import number
from lvmctl.report.drawing import CEILING, CENTROID, DIRECT, RUN, canvas, in_style, legend
from lvmctl.report.inputs import Inputs
from lvmctl.report.numbers import at, interval_at, with_interval
from lvmctl.report.section import Section, plotted

PREVIOUS = ("last", "second_last", "unseen")
LOOKS = {"direct": DIRECT, "centroid": CENTROID, "ceiling": CEILING}
STEP = 0.2
"""Between the predictors of one margin."""


def section(run: Inputs) -> Section:
    kind = run.result["geometry"]
    trees = {run.row: run.metrics, "direct": run.predictor("direct")}
    trees |= {"centroid": run.predictor("centroid"), "ceiling": run.bounds}
    names = [p for p in PREVIOUS if p in run.metrics.get("margin", {})]
    margins = ", ".join(f"margin[{p}] {with_interval(run.metrics, f'margin.{p}')}" for p in names)
    tops = ", ".join(f"{p} {number(at(run.bounds, f'margin.{p}'))}" for p in names)
    return plotted(
        run,
        "margins",
        "Margins",
        draw({name: tree for name, tree in trees.items() if tree}),
        f"Margins of {run.row}: {margins}",
        "margin[P] is cos(q, target) − cos(q, P); the ceiling is the largest that any model of "
        f"the class “{kind}” can have ({tops}).",
        "margin[last] below 0 is what a correct model of text has: it does not mean “backward”. "
        "second_last is diagnostic.",
    )


@in_style
def draw(trees: dict[str, Any]) -> Figure:
    """Margins as points with intervals, one row per previous chunk.

    Args:
        trees: figures by name; the run first.
    """
    figure, (axes,) = canvas(230)
    middle = (len(trees) - 1) / 2
    for number_, (name, tree) in enumerate(trees.items()):
        look = LOOKS.get(name, RUN) if number_ else RUN
        there = [p for p in PREVIOUS if math.isfinite(at(tree, f"margin.{p}"))]
        rows = [PREVIOUS.index(p) + STEP * (number_ - middle) for p in there]
        low, high = zip(*(interval_at(tree, f"margin.{p}") for p in there)) if there else ((), ())
        axes.hlines(rows, low, high, color=look.color, linewidth=1.2)
        look.plot(axes, [at(tree, f"margin.{p}") for p in there], rows, name, linestyle="none")
    axes.axvline(0, color="black", linewidth=0.9)
    axes.set_yticks(range(len(PREVIOUS)), PREVIOUS)
    axes.invert_yaxis()
    axes.grid(False, axis="y")
    axes.set_xlabel("cos(q, target) − cos(q, previous)")
    legend(figure, axes, columns=4)
    return figure

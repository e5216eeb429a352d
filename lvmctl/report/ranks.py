"""Rank curve: how often the true chunk is among the first K."""

from __future__ import annotations

import math
from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from lvmctl.core.formatting import count, number
from lvmctl.report.drawing import BASELINES, CEILING, CHANCE, RUN, canvas, in_style, legend
from lvmctl.report.inputs import Inputs
from lvmctl.report.numbers import at, real, with_interval
from lvmctl.report.section import Missing, Section, plotted

TITLE = "B: retrieval in the article"
POOL = "in_article.filtered"


def section(run: Inputs) -> Section | Missing:
    curves = run.result["rank_curve"]
    if run.row not in curves:
        return Missing(TITLE, f"no article has {run.result['min_article']} chunks")
    tree, direct = run.metrics, run.predictor("direct")
    alone = at(tree, f"q.{POOL}.r@5")
    paragraphs = [f"{run.oracle} sees the target."] if run.oracle in curves else []
    if math.isfinite(alone):
        paragraphs.append(
            f"The model ranks by its own score; by the cosines of q alone R@5 is "
            f"{with_interval(tree, f'q.{POOL}.r@5')}, MRR@10 "
            f"{with_interval(tree, f'q.{POOL}.mrr@10')}."
        )
    return plotted(
        run,
        "ranks",
        TITLE,
        draw(curves, run.row, run.oracle),
        f"R@K by K of {run.row}, beside baselines and chance",
        "R@K: how often the true chunk is among the K most like the prediction, of all chunks of "
        f"its article outside the window ({at(tree, f'{POOL}.pool_mean'):,.1f} on average; "
        f"{count(int(at(tree, f'{POOL}.windows')), 'window')}).",
        f"R@5 {with_interval(tree, f'{POOL}.r@5')}, direct {number(at(direct, f'{POOL}.r@5'))}, "
        f"chance {number(at(tree, f'{POOL}.chance_r@5'))}.",
        *paragraphs,
    )


@in_style
def draw(curves: dict[str, Any], row: str, oracle: str) -> Figure:
    """R@K over log K, of ``curves``: ``cuts``, the values of K, and R@K by name; ``row`` is the
    run's and ``oracle`` that of its class.
    """
    figure, (axes,) = canvas(290)
    looks = {row: RUN, **BASELINES, oracle: CEILING, "chance": CHANCE}
    for name, look in looks.items():
        if name in curves:
            look.plot(axes, curves["cuts"], [real(value) for value in curves[name]], name)
    axes.set_xscale("log")
    ticks = [k for k in curves["cuts"] if str(k)[0] in "125"]
    axes.set_xticks(ticks, [str(k) for k in ticks])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_ylim(0, 1.02)
    axes.set_xlabel("K (log scale)")
    axes.set_ylabel("R@K")
    legend(figure, axes)
    return figure

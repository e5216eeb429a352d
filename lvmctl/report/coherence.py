"""5CAT E: cosines on windows of low, normal and high coherence, here and on other text."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure

from lvmctl.core.formatting import interval, number
from lvmctl.report.drawing import DIRECT, RUN, canvas, in_style, legend, side_by_side
from lvmctl.report.inputs import Inputs
from lvmctl.report.numbers import points
from lvmctl.report.section import Missing, Section, plotted

TITLE = "E: coherence and other text"
BINS = {"low": "low\n(below .45)", "normal": "normal", "high": "high\n(above .55)"}
STEP = 0.14


def section(run: Inputs) -> Section | Missing:
    ood = run.result["ood"]
    splits = {"val": run.result["predictors"], "OOD": {} if ood is None else ood["predictors"]}
    trees = {
        (name, split): tree[name]
        for name in (run.row, "direct")
        for split, tree in splits.items()
        if tree.get(name, {}).get("coherence")
    }
    if not trees:
        return Missing(TITLE, "a window of one chunk has no coherence")
    sentence = "There is no OOD text to compare with."
    gap = run.result["coherence_gap"]
    if gap is not None:
        which = "windows of normal coherence" if "." in gap["metric"] else "all windows"
        sentence = (
            f"val − OOD on {which}: {number(gap['gap'])} {interval(gap['ci'])}; near 0 is stable."
        )
    return plotted(
        run,
        "coherence",
        TITLE,
        draw(trees),
        f"cos_next of {run.row} and direct by coherence of the window. {sentence}",
        "cos_next by coherence, the mean cosine of neighbouring chunks of the window: easier text "
        "is no merit, so like is compared with like.",
        sentence,
    )


@in_style
def draw(trees: dict[tuple[str, str], Any]) -> Figure:
    """Points with intervals by bin, of figures by predictor and split, the run's validation
    first."""
    figure, (axes,) = canvas(260)
    first = next(iter(trees))[0]
    for (name, split), tree, _, away in side_by_side(trees, STEP):
        look = RUN if name == first else DIRECT
        places, values, low, high = points(tree, [f"coherence.{b}" for b in BINS])
        axes.vlines(places + away, low, high, color=look.color, linewidth=1.2)
        axes.plot(
            places + away,
            values,
            color=look.color,
            linestyle=look.line if split == "val" else "none",
            linewidth=0.8,
            marker=look.marker,
            markersize=6,
            markerfacecolor=look.color if split == "val" else "white",
            label=f"{name}, {split}",
        )
    axes.set_xticks(range(len(BINS)), BINS.values())
    axes.set_xlim(-0.5, len(BINS) - 0.5)
    axes.set_xlabel("coherence of the window")
    axes.set_ylabel("cos_next")
    legend(figure, axes, columns=2)
    return figure

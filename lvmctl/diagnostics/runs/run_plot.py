"""The picture of a run: cosines and margins by epoch, and where they break down."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from lvmctl.diagnostics.runs.history import LAST_MARGIN, History

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DRAWN = {
    "cos_next": "val.cos_next",
    "cos_anchor": "val.cos_anchor",
    "margin[last]": LAST_MARGIN,
    "margin[second_last]": "val.margin.second_last",
}


def plot(history: History, figures: dict[str, Any]) -> Callable[[], Figure]:
    """Draws cosines and margins by epoch, the change-point and what the schedule changed."""

    def draw() -> Figure:
        from matplotlib.figure import Figure
        from matplotlib.ticker import MaxNLocator

        figure = Figure(figsize=(7.5, 4.5), layout="constrained")
        axes = figure.subplots()
        by_score = {"MRR@10 by score": "val.mrr@10"} if history.ranks_by_score else {}
        for name, path in (by_score | DRAWN).items():
            curve = history.curve(path)
            if curve:
                axes.plot(*zip(*curve), marker="o", markersize=3, label=name)
        for name, step in figures["change_points"].items():
            if step["collapse"]:
                middle = (step["before_epoch"] + step["epoch"]) / 2
                axes.axvline(middle, color="black", linewidth=1, label=f"{name} breaks down")
        words: dict[int, list[str]] = {}
        for event in figures["events"]:
            words.setdefault(event["epoch"], []).append(event["what"])
        for epoch, said in words.items():
            axes.axvline(epoch - 0.5, color="grey", linewidth=0.8, linestyle="--")
            axes.annotate(
                "\n".join(said),
                (epoch - 0.5, 0.01),
                xycoords=("data", "axes fraction"),
                rotation=90,
                fontsize=7,
                va="bottom",
                ha="right",
            )
        axes.axhline(0, color="lightgrey", linewidth=0.8, zorder=0)
        axes.set_xlabel("epoch")
        axes.set_ylabel(f"cosine{' or MRR@10' if by_score else ''}, validation")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.legend(fontsize=8, loc="lower left", bbox_to_anchor=(0, 1), ncols=3)
        return figure

    return draw

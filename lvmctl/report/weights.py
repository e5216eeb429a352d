"""Where a mixture looks: α by place in the window, for windows of like coherence."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from lvmctl.core.formatting import number
from lvmctl.report.drawing import canvas, in_style
from lvmctl.report.inputs import Inputs
from lvmctl.report.section import Missing, Section, plotted

TITLE = "Mixture weights α"
DARK = 0.6
"""Of the largest weight; cells above it have white numbers."""

CROWDED = 9
"""More places than this leave no room for numbers."""


def section(run: Inputs) -> Section | Missing:
    weights = run.result.get("weights")
    if weights is None:
        return Missing(TITLE, "the model has no weights")
    every = " ".join(number(weight) for weight in weights["all"])
    return plotted(
        run,
        "weights",
        TITLE,
        draw(weights),
        f"Mean mixture weights, oldest chunk first: {every}",
        "Mean weight of each chunk of the window in the prediction, the newest at the right. Rows "
        "are tenths of the windows, the least coherent above (coherence: mean cosine of "
        "neighbouring chunks).",
        f"Over all windows, oldest first: {every}.",
    )


@in_style
def draw(weights: dict[str, Any]) -> Figure:
    """Mean α (G, K) by group as a grey map with its numbers, beside the groups' ``coherence``
    (G,)."""
    mean = np.array(weights["mean"], dtype=float)
    groups, places = mean.shape
    figure, (axes,) = canvas(70 + 21 * groups)
    top = float(np.nan_to_num(mean).max()) or 1.0
    axes.pcolormesh(mean, cmap="Greys", vmin=0, vmax=top, edgecolors="white", linewidth=1)
    for (row, column), weight in np.ndenumerate(mean):
        if places <= CROWDED:
            axes.text(
                column + 0.5,
                row + 0.5,
                number(weight),
                color="white" if weight > DARK * top else "black",
                ha="center",
                va="center",
                fontsize=9.5,
            )
    names = [str(place + 1) for place in range(places)]
    if places > 1:
        names[0], names[-1] = "oldest", "last"
    axes.set_xticks(np.arange(places) + 0.5, names)
    axes.set_yticks(np.arange(groups) + 0.5, [number(c) for c in weights["coherence"]])
    axes.invert_yaxis()
    axes.grid(False)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    axes.set_xlabel("chunk of the window")
    axes.set_ylabel("coherence of the windows")
    return figure

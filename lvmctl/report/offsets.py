"""5CAT A: what the prediction is most like, of all chunks near the target."""

from __future__ import annotations

import math
from typing import Any

from matplotlib.figure import Figure

from lvmctl.core.formatting import number
from lvmctl.report.drawing import DIRECT, RUN, canvas, in_style, legend
from lvmctl.report.inputs import Inputs
from lvmctl.report.numbers import at, ends, real, with_interval
from lvmctl.report.section import Section, plotted

TITLE = "A: offset sweep"


def section(run: Inputs) -> Section:
    sweep = run.result["sweep"]
    shown = {name: sweep[name] for name in (run.row, "direct") if name in sweep}
    figure = draw(shown, run.result["window_offsets"])
    rival = sweep[run.row]["rivals"].get("fair")
    paragraphs = [
        "The prediction should be most like the target (offset 0). The shaded chunks are its own "
        "window: it was made from them, so they do not count."
    ]
    share = with_interval(run.metrics, "offsets.accuracy")
    if math.isfinite(at(run.metrics, "offsets.accuracy")):
        direct = number(at(run.predictor("direct"), "offsets.accuracy"))
        chance = number(at(run.metrics, "offsets.chance_accuracy"))
        paragraphs.append(
            f"Fair rule: {share} of the windows have no chunk outside the window, at these "
            f"offsets, that is nearer to the prediction than the target; direct {direct}, chance "
            f"{chance}."
        )
    if rival is not None:
        gain = with_interval(run.metrics, "offsets.fair")
        paragraphs.append(
            f"Diagnostic: the mean cosine to the target is {gain} above that to the best chunk "
            f"outside the window (k = {rival:+d}, ringed), which does not say which of two "
            "predictions is the better one."
        )
    alt = f"Mean cosine of the prediction of {run.row} to chunks around the target, by offset"
    return plotted(run, "offsets", TITLE, figure, alt, *paragraphs)


@in_style
def draw(sweeps: dict[str, Any], window: list[int]) -> Figure:
    """cos(q, x_{target + k}) by k.

    Args:
        sweeps: by predictor, the run first: ``offsets`` (figures by k) and ``rivals``.
        window: offsets of the window.
    """
    figure, (axes,) = canvas(260)
    axes.axvspan(min(window) - 0.5, max(window) + 0.5, color="#e4e4e4", zorder=0)
    above = {"transform": axes.get_xaxis_transform(), "ha": "center", "va": "bottom"}
    for place, name in ((sum(window) / len(window), "window"), (0, "target")):
        axes.text(place, 1.01, name, fontsize=9.5, **above)
    axes.axvline(0, color="black", linewidth=0.9, linestyle=(0, (4, 3)))
    for (name, sweep), look in zip(sweeps.items(), (RUN, DIRECT)):
        figures = {int(k): figure for k, figure in sweep["offsets"].items() if figure is not None}
        offsets = sorted(figures)
        values = [real(figures[k]["value"]) for k in offsets]
        low, high = zip(*(ends(figures[k]["ci"]) for k in offsets))
        axes.vlines(offsets, low, high, color=look.color, linewidth=1.2)
        look.plot(axes, offsets, values, name)
        rival = sweep["rivals"].get("fair")
        if rival in figures and look is RUN:
            axes.plot(
                [rival],
                [real(figures[rival]["value"])],
                "o",
                markersize=13,
                color="black",
                markerfacecolor="none",
                label="best outside",
            )
    axes.set_xlabel("offset k from the target, in chunks")
    axes.set_ylabel("mean cosine to the prediction")
    legend(figure, axes)
    return figure

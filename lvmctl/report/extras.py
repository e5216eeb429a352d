"""What a model says besides its prediction, by epoch."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lvmctl.core.formatting import number
from lvmctl.report.drawing import DIRECT, RUN, canvas, in_style
from lvmctl.report.inputs import Inputs
from lvmctl.report.section import Missing, Section, plotted
from lvmctl.report.training import curve

TITLE = "Extras of the model"

LIMIT = 4
"""Extras drawn."""


def section(run: Inputs) -> Section | Missing:
    extras = run.result.get("extras")
    if not extras:
        return Missing(TITLE, "the model gives only its prediction")
    means = [f"{name} {number(float(np.mean(value)))}" for name, value in extras.items()]
    sentence = f"Mean over windows of the evaluated model: {', '.join(means)}."
    return plotted(
        run,
        "extras",
        TITLE,
        draw(list(extras)[:LIMIT], run.history),
        f"Extras of the model by epoch. {sentence}",
        "What the model gives beside its prediction, as means over the windows of an epoch.",
        sentence,
    )


@in_style
def draw(names: list[str], history: list[dict[str, Any]]) -> Figure:
    """Each extra by epoch, in training and validation, one below another."""
    figure, panels = canvas(60 + 120 * len(names), rows=len(names))
    for name, axes in zip(names, panels):
        curve(axes, history, f"train.{name}", RUN, "train")
        curve(axes, history, f"val.{name}", DIRECT, "val")
        axes.set_ylabel(name)
        if axes.get_lines():
            axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0.2)
    panels[-1].set_xlabel("epoch")
    panels[-1].xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure

"""Anchored cosine: what blending with the centroid does to a prediction (METHODS §2.5)."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from lvmctl.anchoring import anchored_cosine
from lvmctl.core.formatting import number
from lvmctl.report.drawing import DIRECT, canvas, in_style, legend
from lvmctl.report.inputs import Inputs
from lvmctl.report.numbers import real
from lvmctl.report.section import Missing, Section, plotted

TITLE = "Anchoring ρ → f(ρ)"


def section(run: Inputs) -> Section | Missing:
    anchor = run.found.get("anchor")
    if anchor is None:
        return Missing(TITLE, "the model blends nothing with the centroid")
    rho, value = (np.array(anchor[name], dtype=float) for name in ("rho", "cos_anchor"))
    said = (
        f"λ = {number(anchor['lambda'])}: mean ρ {number(float(np.mean(rho)))}, mean "
        f"cos_anchor {number(float(np.mean(value)))}."
    )
    return plotted(
        run,
        "anchor",
        TITLE,
        draw(anchor),
        f"Cosine to the centroid after blending, by the cosine before. {said}",
        "ρ is the raw prediction's cosine to the window's centroid; the curve is what blending "
        "makes of it, the points are windows of this run.",
        f"{said} A high cos_anchor at a low ρ is the blend's work, not the model's.",
    )


@in_style
def draw(anchor: dict[str, Any]) -> Figure:
    """f over ρ at the run's λ, and the run's windows.

    Args:
        anchor: ``lambda``, and per window ``rho`` and ``cos_anchor``.
    """
    figure, (axes,) = canvas(280)
    rho, blended = np.linspace(-1, 1, 201), real(anchor["lambda"])
    with np.errstate(invalid="ignore"):  # λ = ½ and ρ = -1 cancel: there is no direction
        curve = anchored_cosine(rho, blended)
    axes.plot(rho, curve, color="black", label=f"f(ρ), λ = {number(blended)}")
    axes.plot(rho, rho, color="#666666", linestyle=(0, (1, 2)), label="no blending")
    axes.plot(
        anchor["rho"],
        anchor["cos_anchor"],
        linestyle="none",
        marker="o",
        markersize=4,
        color=DIRECT.color,
        markerfacecolor="none",
        label="windows",
    )
    axes.set_xlim(-1, 1)
    axes.set_ylim(-1, 1.02)
    axes.set_xlabel("ρ = cos(raw prediction, centroid)")
    axes.set_ylabel("cos(q, centroid)")
    legend(figure, axes)
    return figure

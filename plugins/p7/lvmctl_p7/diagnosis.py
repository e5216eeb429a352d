"""Where a run stands that blends its prediction with the centroid: λ, ρ and f(ρ)
(docs/methods.md#blend)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from lvmctl import (
    Diagnosis,
    Finding,
    History,
    LvmctlError,
    format_number,
    read_history,
    read_json,
)
from lvmctl_p7.anchoring import anchored_cosine, anchored_least_rho
from lvmctl_p7.options import LEAST_LAMBDA, MOST_LAMBDA

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from lvmctl import Reporter

SAME = 1e-6
"""Figures are float32 means: closer than this they are one figure."""
KEPT, DEEP = 0.75, 0.05
"""A cosine that keeps less than this share of what it had, and falls by this much, is lost."""
SHORTEST = 1e-8
"""Squared length of a blend of opposite vectors that has no direction left, but rounding."""

LAMBDA = "val.anchor_lambda|anchor_lambda|train.anchor_lambda"
RHO = "val.raw_anchor_cosine|raw_anchor_cosine|train.raw_anchor_cosine"


class AnchorDiagnosis:
    """Whether λ is learned and the raw prediction stays near the centroid; how f(ρ) hides it.

    What it takes is a run directory, or a bare ``training_history.json``.

    Raises:
        RunError: there is no history, or it is damaged.
    """

    def __call__(self, subject: Path, reporter: Reporter) -> Diagnosis:
        history = read_history(Path(subject))
        findings = (*frozen(history), *hidden_escapes(history))
        last = position(history)
        if last is None:
            sentence = "The run logs no λ with a cosine to the centroid: it blends nothing with it."
            return Diagnosis(verdict="NOT ANCHORED", sentence=sentence, findings=findings)
        rho, blended, cos_anchor = map(format_number, (last.rho, last.blended, last.cos_anchor))
        sentence = (
            f"At λ = {format_number(last.blend, 2)} a mean ρ of {rho} is blended to f(ρ) = "
            f"{blended} (cos_anchor {cos_anchor}): a high cos_anchor at a low ρ is the blend's "
            "work, not the model's."
        )
        verdict = findings[0].name.replace("-", " ").upper() if findings else "ANCHORED"
        return Diagnosis(
            verdict=verdict,
            sentence=sentence,
            figures=last.figures(),
            change=findings[0].remedy if findings else "",
            plot=drawn(last, windows_of(Path(subject))),
            findings=findings,
        )


class Position(NamedTuple):
    """Where an anchored model stands at its last epoch.

    Attributes:
        curve: (epoch, ρ) of each epoch.
        rho, blend, blended: ρ, λ and f(ρ).
        cos_anchor: what the run logged.
    """

    curve: list[tuple[int, float]]
    rho: float
    blend: float
    blended: float
    cos_anchor: float

    def figures(self) -> dict[str, float]:
        """As plain data. f holds for each window; of means it holds roughly, since f is curved."""
        figures = {
            "rho": self.rho,
            "lambda": self.blend,
            "f": self.blended,
            "cos_anchor": self.cos_anchor,
            "f_at_0": anchored_cosine(0.0, self.blend),
        }
        if 0.5 <= self.blend < 1:
            figures["least_rho"] = anchored_least_rho(self.blend)
        return figures


def position(history: History) -> Position | None:
    """Where the run stands on f(ρ); None for one that is not anchored.

    ρ is what the run logged, else the ρ whose f(ρ) is the logged cos_anchor.
    """
    lambdas = dict(history.curve(LAMBDA))
    cosines = dict(history.curve("val.cos_anchor"))
    curve = [(epoch, rho) for epoch, rho in history.curve(RHO)] or [
        (epoch, rho)
        for epoch, cosine in cosines.items()
        if (rho := rho_of(cosine, lambdas.get(epoch))) is not None
    ]
    if not (curve and cosines and lambdas):
        return None
    at = max((epoch for epoch in lambdas if epoch <= curve[-1][0]), default=None)
    if at is None:
        return None
    blend, rho = lambdas[at], min(max(curve[-1][1], -1.0), 1.0)
    if (2 * blend - 1) ** 2 + 2 * blend * (1 - blend) * (1 + rho) < SHORTEST:
        return None
    blended = anchored_cosine(rho, blend)
    return Position(curve, rho, blend, blended, list(cosines.values())[-1])


def rho_of(cosine: float, blend: float | None) -> float | None:
    """The ρ with f(ρ) = ``cosine``, by bisection; None for λ outside (½, 1), or next to ½."""
    if blend is None or not 0.5 + SHORTEST**0.5 < blend < 1:
        return None
    low, high = -1.0, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        if anchored_cosine(middle, blend) < cosine:
            low = middle
        else:
            high = middle
    return low


def frozen(history: History) -> Iterator[Finding]:
    """λ is to be learned and stays where it began."""
    curve = history.curve(LAMBDA)
    values = [point.value for point in curve]
    wanted = history.options().get("learn_lambda")
    if len(values) < 2 or max(values) - min(values) > SAME or wanted is False:
        return
    # fixed-anchor's λ, or a learned one that is pushed against its bound
    if any(abs(values[0] - bound) <= SAME for bound in (LEAST_LAMBDA, MOST_LAMBDA)):
        return
    intent = "the plan says that it is learned" if wanted else "P7 learns it by default"
    yield Finding(
        "frozen-parameter",
        "serious",
        curve[0].epoch,
        f"anchor_lambda is {values[0]:.6g} at each of {len(values)} epochs; {intent}",
        "see that λ is a parameter, in the optimiser, and not detached in the forward pass; or "
        "fix it on purpose (--set learn_lambda=false)",
        "docs/methods.md#p7: λ must receive gradient",
    )


def hidden_escapes(history: History) -> Iterator[Finding]:
    """The target is lost while the raw prediction leaves the centroid, which the blend hides."""
    cos_next, latest = history.curve("val.cos_next"), position(history)
    if not cos_next or latest is None:
        return
    best, last = max(cos_next, key=lambda point: point.value), cos_next[-1]
    top = max(rho for _, rho in latest.curve)
    if not (lost(best.value, last.value) and lost(top, latest.rho)):
        return
    later = (p.epoch for p in cos_next if p.epoch > best.epoch and lost(best.value, p.value))
    before, now = (format_number(rho, signed=True) for rho in (top, latest.rho))
    yield Finding(
        "orthogonal-escape",
        "critical",
        next(later),
        f"the raw prediction left the centroid: ρ {before} → {now}; at λ = "
        f"{format_number(latest.blend, 2)} blending makes f(ρ) = {format_number(latest.blended)} "
        f"of it (cos_anchor {format_number(latest.cos_anchor)}), which hides it",
        "pull the raw prediction, not the blend: a cosine loss (--set w_cosine=1) or a floor "
        "under ρ (--set w_anchor=0.5)",
        "docs/methods.md#blend",
    )


def lost(before: float, after: float) -> bool:
    """Whether a cosine fell so far that it has lost what it had."""
    return before - after >= DEEP and after <= KEPT * before


def windows_of(run: Path) -> dict[str, list[float]]:
    """ρ and cos(q, c̄) of single windows, as ``lvmctl eval 5cat`` kept them; else nothing."""
    try:
        extras = read_json(run / "5cat_results.json")["extras"]
        return {name: list(extras[name]) for name in ("raw_anchor_cosine", "anchored_cosine")}
    except (LvmctlError, LookupError, TypeError):
        return {}


def drawn(last: Position, windows: dict[str, list[float]]) -> Callable[[], Figure]:
    """f over ρ at the run's λ; the windows of its evaluation, or its means where there are none."""

    def draw() -> Figure:
        import numpy as np
        from matplotlib.figure import Figure

        figure = Figure(figsize=(5, 3.9), layout="constrained")
        axes = figure.subplots()
        rho = np.linspace(-1, 1, 201)
        with np.errstate(invalid="ignore"):  # λ = ½ and ρ = -1 cancel: there is no direction
            curve = anchored_cosine(rho, last.blend)
        axes.plot(rho, curve, color="black", label=f"f(ρ), λ = {format_number(last.blend)}")
        axes.plot(rho, rho, color="#666666", linestyle=(0, (1, 2)), label="no blending")
        points: tuple[Any, Any] = ([last.rho], [last.cos_anchor])
        if windows:
            points = windows["raw_anchor_cosine"], windows["anchored_cosine"]
        label = "windows" if windows else "mean, last epoch"
        axes.plot(
            *points,
            linestyle="none",
            marker="o",
            markersize=4,
            color="#0072B2",
            markerfacecolor="none",
            label=label,
        )
        axes.set_xlim(-1, 1)
        axes.set_ylim(-1, 1.02)
        axes.set_xlabel("ρ = cos(raw prediction, centroid)")
        axes.set_ylabel("cos(q, centroid)")
        figure.legend(loc="outside lower center", ncols=3)
        return figure

    return draw

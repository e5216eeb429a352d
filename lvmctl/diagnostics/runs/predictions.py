"""What a run's predictions are like, beside the best linear prediction from the same windows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from lvmctl.baselines.options import RidgeOptions
from lvmctl.baselines.ridge import Ridge
from lvmctl.baselines.weightings import Wiener
from lvmctl.core.diagnosis import Finding
from lvmctl.core.formatting import number, percent, signed
from lvmctl.data.windows import Windows
from lvmctl.diagnostics.estimates import format_estimate
from lvmctl.diagnostics.runs.collapse import ROSE
from lvmctl.diagnostics.runs.findings import found
from lvmctl.evaluation.statistics.intervals import Resampling
from lvmctl.registry.record import NoOptions
from lvmctl.registry.specs import Shape

COPIES = 0.1
"""More cosine to last than the best linear prediction has: a copy, not a prediction."""
LITTLE = 0.1
"""Of the targets' variance over windows: predictions that have less hardly differ."""
HALF = 0.5
"""Of the linear prediction's variance, or of its cos_next: less than this is a fault."""
LINE = 2.0
"""Effective rank of predictions that lie on a line."""
BEHIND = 0.25
"""Share of windows whose prediction points away from the centroid."""


def linear_predictions(
    train: Windows, val: Windows, fit_windows: int, seed: int
) -> dict[str, np.ndarray]:
    """The linear estimates of E[y | C], by name: (W, D) unit predictions for ``val``.

    ``ridge`` has a full map of the window, ``wiener`` K weights; which is nearer to Bayes depends
    on how much there is to fit on.
    """
    shape = Shape(val.split.dim, val.context_length, val.horizon)
    fitted = {
        "ridge": Ridge(RidgeOptions(fit_windows=fit_windows, seed=seed), shape).fit(train),
        "wiener": Wiener(NoOptions(), shape).fit(train),
    }
    context = torch.from_numpy(val.context(np.arange(len(val))))
    return {name: made(context).numpy() for name, made in fitted.items()}


def describe(windows: Windows, q: np.ndarray) -> dict[str, float]:
    """What (W, D) unit predictions are like, as means over windows.

    ``variance`` is E‖q - E q‖², in [0, 1]. ``effective_rank`` is the exponential of the entropy of
    the covariance's normalised eigenvalues, in [1, D]. ``outside_cone`` is the share of windows
    where q is further from the centroid c̄ than every chunk of the window, which no mixture is
    (docs/methods.md#cone); ``behind`` that where cos(q, c̄) ≤ 0, outside any cone around c̄.
    """
    index = np.arange(len(windows))
    context, target = windows.context(index), windows.target(index)
    mean = context.mean(axis=1)
    centre = mean / np.maximum(np.linalg.norm(mean, axis=1, keepdims=True), 1e-12)
    anchor = (q * centre).sum(axis=1)
    reach = (context * centre[:, None]).sum(axis=-1).min(axis=1)
    cos_next, cos_last = ((q * chunk).sum(axis=1) for chunk in (target, context[:, -1]))
    means = {
        "cos_next": cos_next.mean(),
        "cos_last": cos_last.mean(),
        "cos_anchor": anchor.mean(),
        "margin_last": (cos_next - cos_last).mean(),
        "variance": variance(q),
        "effective_rank": effective_rank(q),
        "outside_cone": (anchor < reach - 1e-6).mean(),
        "behind": (anchor <= 0).mean(),
    }
    if windows.context_length > 1:
        means["margin_second_last"] = (cos_next - (q * context[:, -2]).sum(axis=1)).mean()
    return {name: float(value) for name, value in means.items()}


def variance(vectors: np.ndarray) -> float:
    """E‖v - E v‖² of (W, D) vectors."""
    return float(np.square(vectors - vectors.mean(axis=0, dtype=np.float64)).sum(axis=1).mean())


def effective_rank(vectors: np.ndarray) -> float:
    """exp of the entropy of the normalised eigenvalues of the covariance of (W, D) vectors; 1 where
    all are the same."""
    centred = np.asarray(vectors, np.float64) - vectors.mean(axis=0, dtype=np.float64)
    gram = centred.T @ centred if len(centred) > centred.shape[1] else centred @ centred.T
    power = np.linalg.eigvalsh(gram).clip(min=0)
    if power.sum() <= 1e-12 * len(centred):
        return 1.0
    share = power[power > 0] / power.sum()
    return float(np.exp(-(share * np.log(share)).sum()))


def compare(
    windows: Windows, q: np.ndarray, linear: dict[str, np.ndarray], seed: int
) -> dict[str, Any]:
    """A run's predictions beside the linear ones and the targets, as plain data.

    ``reference`` names the linear prediction of higher cos_next. ``copying`` is the difference of
    cos(q, last) to it, with an article-clustered 95 % interval.
    """
    index = np.arange(len(windows))
    last, target = windows.context(index)[:, -1], windows.target(index)
    rows: dict[str, Any] = {"windows": len(windows)}
    for name, predictions in {"run": q, **linear, "direct": last}.items():
        rows[name] = describe(windows, predictions)
    rows["targets"] = {"variance": variance(target), "effective_rank": effective_rank(target)}
    if linear:
        reference = max(linear, key=lambda name: rows[name]["cos_next"])
        excess = ((q - linear[reference]) * last).sum(axis=1)
        draws = Resampling(len(windows.split.lengths), seed)
        ends = draws.interval(excess, windows.article)
        rows["reference"] = reference
        rows["copying"] = {"value": float(excess.mean()), "ci": list(ends)}
    return rows


def prediction_findings(rows: dict[str, Any], epoch: int | None) -> Iterator[Finding]:
    """What :func:`compare` shows to be wrong with the predictions of the weights of ``epoch``."""
    run, targets = rows["run"], rows["targets"]
    name = rows.get("reference", "")
    reference = rows.get(name)
    is_flat = reference is None or run["variance"] < HALF * reference["variance"]
    is_line = reference is None or reference["effective_rank"] > 2 * LINE
    flat = run["variance"] < LITTLE * targets["variance"] and is_flat
    if flat or (run["effective_rank"] < LINE and is_line):
        beside = rank = ""
        if reference is not None:
            beside = f", {name}'s {number(reference['variance'], 4)}"
            rank = f", {reference['effective_rank']:.0f}"
        yield found(
            "constant-prediction",
            epoch,
            f"variance of q over windows {number(run['variance'], 4)}, the targets' "
            f"{number(targets['variance'], 4)}{beside}; effective rank "
            f"{number(run['effective_rank'], 1)} (targets {targets['effective_rank']:.0f}{rank})",
        )
    copying = rows.get("copying")
    if copying and copying["ci"][0] > COPIES:
        yield found(
            "copying",
            epoch,
            f"cos(q, last) {number(run['cos_last'])}, that of the best linear prediction "
            f"({name}) {number(reference['cos_last'])}: more by {format_estimate(copying)}; "
            f"cos_next {number(run['cos_next'])}, its {number(reference['cos_next'])}",
        )
    margins = {chunk: run.get(f"margin_{chunk}", -1.0) for chunk in ("last", "second_last")}
    chunk = max(margins, key=margins.__getitem__)
    bound = (reference or rows["direct"])["cos_next"]
    if run["behind"] >= BEHIND and margins[chunk] >= ROSE and run["cos_next"] < HALF * bound:
        yield found(
            "orthogonal-escape",
            epoch,
            f"{percent(run['behind'], 0)} of the predictions lie outside any cone around the "
            f"centroid (cos_anchor {signed(run['cos_anchor'])}), "
            f"{percent(run['outside_cone'], 0)} outside the window's own; cos_next "
            f"{signed(run['cos_next'])}, margin[{chunk}] {signed(margins[chunk])}",
            about=chunk,
        )

"""Proofs that predictions are where a geometry promises them (METHODS §2.5 to §2.7), in float64."""

from __future__ import annotations

import torch
from torch import Tensor

from lvmctl.core.batch import Prediction
from lvmctl.registry.specs import Geometry
from lvmctl.sphere import centroid, cone_projection, mixture, span_projection, unit
from lvmctl.testing.check import CheckFailed
from lvmctl.testing.inputs.contexts import Contexts

NEAR = 1e-4
"""How far from 1 a norm may be."""

ROUNDING = 1e-3
"""How far apart two ways to compute one q may be in float32, where much cancels on the way."""

UNDIRECTED = 0.01
"""A blend shorter than this has no direction that float32 could keep."""


def prove_unit(q: Tensor, contexts: Contexts, near: float = NEAR) -> None:
    """CheckFailed where a q of (B, D) is not finite or not of unit norm.

    Exactly opposite chunks may leave no direction, and q = 0 there.
    """
    norm = q.double().norm(dim=-1)
    if not norm.isfinite().all():
        raise CheckFailed("q is not finite")
    fine = (norm - 1).abs() < near
    if contexts.cancels:
        fine |= norm == 0
    if not fine.all():
        raise CheckFailed(f"q has norm {norm[~fine][0]:.6g}, not 1")


def prove(geometry: Geometry, prediction: Prediction, context: Tensor) -> float:
    """How far predictions are from where ``geometry`` has them, at most; ``unit`` is anywhere.

    Raises:
        CheckFailed: further than rounding, or what the proof needs is not given.
    """
    q, context = prediction.q.double(), context.double()
    if geometry == "span":
        return _within(q - span_projection(context, q), "the span of the context")
    if geometry == "cone":
        away = _within(q - cone_projection(context, q), "the cone of the context")
        if prediction.weights is not None:
            mixed = mixture(prediction.weights.double(), context)
            _within(q - mixed, "the mixture that its weights say")
        return away
    if geometry == "anchored":
        return _within(_from_blend(q, prediction, context), "the blend with the centroid")
    return 0.0


def _from_blend(q: Tensor, prediction: Prediction, context: Tensor) -> Tensor:
    """Differences to the nearest normalise(λ·raw/‖raw‖ + (1 - λ)·c̄) with λ in [0, 1], of the rows
    where every λ gives a direction."""
    if prediction.raw is None:
        raise CheckFailed("an anchored model has to give raw, which q is a blend of")
    ends = torch.stack([unit(prediction.raw.double()), centroid(context)], dim=1)
    directed = ends.mean(dim=1).norm(dim=-1) > UNDIRECTED  # the shortest of the blends
    return (q - cone_projection(ends, q))[directed]


def _within(gaps: Tensor, what: str) -> float:
    """The largest norm of ``gaps`` (B, D); CheckFailed where it is no rounding."""
    away = torch.linalg.vector_norm(gaps, dim=-1).amax().item() if len(gaps) else 0.0
    if not away < ROUNDING:
        raise CheckFailed(f"q is {away:.3g} away from {what}")
    return away

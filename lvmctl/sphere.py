"""Geometry of the unit sphere: cosines, centroids, mixtures, spans, cones (docs/methods.md#data,
#cone, #ceilings).

A context's span holds every linear combination of its chunks, its cone the non-negative ones.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from lvmctl.registry.specs import Geometry

EPSILON = 1e-12
NARROW = 1e-6
"""A direction in which unit chunks differ by less than this is rounding."""
FLAT = 1e-10
"""A cosine below this is 0."""


def unit(x: Tensor) -> Tensor:
    """``x`` (…, D) scaled to unit norm along the last axis; a zero vector stays zero."""
    return functional.normalize(x, dim=-1, eps=EPSILON)


def cosine(a: Tensor, b: Tensor) -> Tensor:
    """Cosine in [-1, 1] of unit vectors ``a`` and ``b`` (…, D) → (…)."""
    return (a * b).sum(-1)


def angle(a: Tensor, b: Tensor) -> Tensor:
    """Angle in [0, π] between unit vectors ``a`` and ``b`` (…, D) → (…), in radians.

    2·atan2(‖a - b‖, ‖a + b‖), whose gradient is finite everywhere; that of the arc cosine is
    infinite where vectors are equal or opposite.
    """
    return 2 * torch.atan2((a - b).norm(dim=-1), (a + b).norm(dim=-1))


def centroid(context: Tensor) -> Tensor:
    """c̄, the normalised mean of ``context`` (B, K, D) → (B, D)."""
    return unit(context.mean(dim=-2))


def mixture(weights: Tensor, context: Tensor) -> Tensor:
    """q = normalise(Σ α_i c_i) for ``weights`` α (B, K) and ``context`` (B, K, D) → (B, D).

    Elementwise, so that it keeps float32 under autocast and q stays in span(C). For α on the
    simplex, cos(q, c̄) ≥ min_i cos(c_i, c̄) whenever that minimum is ≥ 0 (docs/methods.md#cone).
    """
    return unit((weights.unsqueeze(-1) * context).sum(dim=-2))


def anchored(raw: Tensor, anchor: Tensor, blend: Tensor | float) -> Tensor:
    """q = normalise(λ·raw/‖raw‖ + (1 - λ)·anchor) for (B, D) and a unit ``anchor``
    (docs/methods.md#blend).

    A raw vector opposite to the anchor has no blend at λ = ½; q is then zero.
    """
    return unit(blend * unit(raw) + (1 - blend) * anchor)


def span_projection(context: Tensor, y: Tensor) -> Tensor:
    """P_C y, the point of the span of ``context`` (B, K, D) nearest to ``y`` (B, D); (B, D).

    Float64. ‖P_C y‖ is the largest cosine any prediction in the span can have with a unit ``y``
    (docs/methods.md#ceilings). Directions whose singular value is below 1e-6 of the largest do not
    count.
    """
    context, y = context.double(), y.double()
    # The K × K Gram matrix has the singular values squared, for far less work than an SVD.
    squares, axes = torch.linalg.eigh(context @ context.mT)
    counted = squares > NARROW**2 * squares[:, -1:]
    inverse = torch.where(counted, 1 / squares, 0.0)
    nearest = torch.zeros_like(y)
    # Squaring leaves small values few digits; a second pass projects what the first left over.
    for _ in range(2):
        along = _apply(axes.mT, _apply(context, y - nearest)) * inverse
        nearest = nearest + _combine(_apply(axes, along), context)
    return nearest


def cone_projection(context: Tensor, y: Tensor) -> Tensor:
    """The point of the cone of ``context`` (B, K, D) nearest to ``y`` (B, D); (B, D).

    Float64. Its norm is the largest cosine a non-negative mixture can have with a unit ``y``, where
    that is positive (docs/methods.md#ceilings); it is 0 where no c_i·y is positive.
    """
    context = context.double()
    return _combine(cone_weights(context, y), context)


def cone_weights(context: Tensor, y: Tensor) -> Tensor:
    """The w ≥ 0 whose Σ w_i c_i is nearest to ``y`` (B, D), for ``context`` (B, K, D); (B, K).

    Float64. The slope c_i·(y - Σ w_j c_j) is 0 where w_i > 0 and at most 0 elsewhere, within
    1e-9·‖c_i‖‖y‖; only between chunks that are opposite to within 1e-6, where weights would grow
    without bounds, do they stop short of that.
    """
    context, y = context.double(), y.double()
    gram = context @ context.mT
    sizes = gram.diagonal(dim1=1, dim2=2).sqrt().clamp_min(EPSILON)
    size = y.norm(dim=-1, keepdim=True).clamp_min(EPSILON)
    cosines = gram / (sizes[:, :, None] * sizes[:, None, :])
    return _non_negative(cosines, _apply(context, y) / (sizes * size)) * size / sizes


def _non_negative(gram: Tensor, along: Tensor) -> Tensor:
    """The w ≥ 0 that minimises ½ wᵀGw - b·w, for cosines G (B, K, K) and b (B, K).

    Lawson and Hanson's active sets: the weight of steepest slope joins, and the weights move to
    the optimum of those that have joined, or until one of them is 0, which leaves.
    """
    weights, joined = torch.zeros_like(along), torch.zeros_like(along, dtype=torch.bool)
    for _ in range(4 * along.shape[1] + 8):
        # A small constant keeps repeated chunks solvable. It pulls towards the weights so far,
        # and so fades as they settle.
        constant = torch.diag_embed(torch.where(joined, NARROW**2, 1.0).to(gram))
        system = torch.where(joined[:, :, None] & joined[:, None, :], gram, 0.0) + constant
        wanted = torch.where(joined, along + NARROW**2 * weights, 0.0)
        goal, _ = torch.linalg.solve_ex(system, wanted)
        blocked = joined & (goal <= 0)
        reach = torch.where(blocked, weights / (weights - goal).clamp_min(EPSILON), 1.0)
        step = reach.amin(dim=1, keepdim=True)
        left = blocked & (reach <= step)
        weights = (weights + step * (goal - weights)).masked_fill(left, 0.0)
        joined = joined & ~left
        slope = along - _apply(gram, weights)
        steepest, first = slope.masked_fill(joined, 0.0).max(dim=1)
        joins = (steepest > FLAT) & ~blocked.any(dim=1)
        joined[joins, first[joins]] = True
        if not (blocked | (joined & (slope.abs() > FLAT))).any():
            break
    return weights


def best_in_span(context: Tensor, y: Tensor) -> Tensor:
    """The unit q of largest q·y in the span of ``context`` (B, K, D), for ``y`` (B, D); (B, D).

    Float64. Where y is orthogonal to every chunk all are equally good, and x_last is returned.
    """
    nearest = span_projection(context, unit(y.double()))
    orthogonal = nearest.norm(dim=-1) <= FLAT
    nearest[orthogonal] = context[orthogonal, -1].double()
    return unit(nearest)


def best_in_cone(context: Tensor, y: Tensor) -> Tensor:
    """The unit q of largest q·y in the cone of ``context`` (B, K, D), for ``y`` (B, D); (B, D).

    Float64. Where no c_i·y is positive it is the best single chunk, and q·y ≤ 0
    (docs/methods.md#ceilings).
    """
    context, y = context.double(), unit(y.double())
    weights = cone_weights(context, y)
    away = (weights == 0).all(dim=1)
    single = _apply(unit(context[away]), y[away]).argmax(dim=1)
    weights[away] = functional.one_hot(single, weights.shape[1]).to(weights)
    return unit(_combine(weights, context))


def largest_margin(geometry: Geometry, context: Tensor, y: Tensor, p: Tensor) -> Tensor:
    """The largest q·(y - p) of any unit q of a model's class, (B,) float64
    (docs/methods.md#ceilings).

    Args:
        geometry: ``unit`` and ``anchored`` (which reaches every direction for λ > ½) have
            ‖y - p‖, ``span`` has ‖P_C(y - p)‖, ``cone`` its best mixture's, which may be negative.
        context: (B, K, D) chunks of the window.
        y, p: (B, D) the target, and the chunk whose cosine is subtracted.
    """
    gap = y.double() - p.double()
    if geometry == "cone":
        return cosine(best_in_cone(context, gap), gap)
    return (span_projection(context, gap) if geometry == "span" else gap).norm(dim=-1)


def _combine(weights: Tensor, context: Tensor) -> Tensor:
    """Σ w_i c_i, (B, D)."""
    return (weights[:, None] @ context)[:, 0]


def _apply(matrix: Tensor, vector: Tensor) -> Tensor:
    """Matrices (B, M, N) times vectors (B, N) → (B, M)."""
    return (matrix @ vector[..., None])[..., 0]

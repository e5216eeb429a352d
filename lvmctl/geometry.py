"""Geometry of the unit sphere: cosines, centroids, mixtures and spans (METHODS §1, §2.6, §2.7)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

EPSILON = 1e-12


def unit(x: Tensor) -> Tensor:
    """``x`` (…, D) scaled to unit norm along the last axis; a zero vector stays zero."""
    return functional.normalize(x, dim=-1, eps=EPSILON)


def cosine(a: Tensor, b: Tensor) -> Tensor:
    """Cosine in [-1, 1] of unit vectors ``a`` and ``b`` (…, D) → (…)."""
    return (a * b).sum(-1)


def centroid(context: Tensor) -> Tensor:
    """c̄, the normalised mean of ``context`` (B, K, D) → (B, D)."""
    return unit(context.mean(dim=-2))


def mixture(weights: Tensor, context: Tensor) -> Tensor:
    """q = normalise(Σ α_i c_i) for ``weights`` α (B, K) and ``context`` (B, K, D) → (B, D).

    Elementwise, so that it keeps float32 under autocast and q stays in span(C). For α on the
    simplex, cos(q, c̄) ≥ min_i cos(c_i, c̄) whenever that minimum is ≥ 0 (METHODS §2.6).
    """
    return unit((weights.unsqueeze(-1) * context).sum(dim=-2))


def span_projection(context: Tensor, y: Tensor) -> Tensor:
    """P_C y, the part of ``y`` (B, D) in the span of ``context`` (B, K, D) → (B, D).

    ‖P_C y‖ is the largest cosine any prediction in the span can have with a unit ``y``
    (METHODS §2.7). Directions whose singular value is below 1e-6 of the largest do not count.
    Computed in float64.
    """
    context, y = context.double(), y.double()
    _, sizes, basis = torch.linalg.svd(context, full_matrices=False)
    kept = (sizes > 1e-6 * sizes[:, :1]).to(basis)
    inside = torch.einsum("bkd,bd->bk", basis, y) * kept
    return torch.einsum("bk,bkd->bd", inside, basis)

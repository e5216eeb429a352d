"""A pool's chunks and a window without the directions that the pool itself spreads in.

What an article says throughout makes all its chunks alike. Its own covariance shows those
directions, so nothing has to be fitted on other text.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from lvmctl import Pool

SHRINK = 0.015
"""λ as a share of the total variance: directions that hold less are hardly changed."""

SAME = 1e-4
"""1 - cosine below which two chunks are one."""

JITTER = 1e-9
"""Added to products without full rank, so that they are positive definite; where rounding took more
than this from them, ten times as much, and so on."""

FLAT = 1e-6
"""Variance of a pool whose chunks are one."""


def whitened(context: Tensor, pool: Pool) -> tuple[Tensor, Pool]:
    """normalise((S + λ)^(-1/2)·(x - μ)) of windows and pool, up to a rotation.

    μ and S are mean and covariance of a context's candidates and window together.

    Args:
        context: (B, K, D).
        pool: vectors (N, D) or (B, N, D).

    Returns:
        The same in other coordinates, (B, K, ·), (N, ·) or (B, N, ·).
    """
    if pool.vectors.dim() == 2 and window_left_out(context, pool):
        return _together(context, pool)
    return _each(context, pool)


def centre(context: Tensor, pool: Pool) -> Tensor:
    """Mean of a context's candidates and window, (B, 1, D); (1, 1, D) where all have the same."""
    if pool.vectors.dim() == 2 and window_left_out(context, pool):
        return pool.vectors.mean(dim=0)[None, None]
    real = pool.candidates.to(context)[:, None]
    total = real @ pool.vectors + context.sum(dim=1, keepdim=True)
    return total / (real.sum(dim=-1, keepdim=True) + context.shape[1])


def window_left_out(context: Tensor, pool: Pool) -> bool:
    """Whether each context's window, and nothing else, is in the pool and no candidate: candidates
    and window are then the same chunks for all."""
    left_out = ~pool.candidates
    if not (left_out.sum(dim=1) == context.shape[1]).all():
        return False
    chunks = pool.vectors[left_out.nonzero()[:, 1]].view_as(context)
    cosines = chunks @ context.mT
    return bool((cosines.amax(dim=-1) > 1 - SAME).all() and (cosines.amax(dim=-2) > 1 - SAME).all())


def _together(context: Tensor, pool: Pool) -> tuple[Tensor, Pool]:
    mean = pool.vectors.mean(dim=0)
    z = pool.vectors - mean
    root = _root(z.T @ z / len(z))
    # Flat, as otherwise the root would be copied for each context.
    window = _turned((context - mean).flatten(0, 1), root).view_as(context)
    return window, Pool(_turned(z, root), pool.candidates)


def _each(context: Tensor, pool: Pool) -> tuple[Tensor, Pool]:
    """By products of chunks where there are fewer of them than they have dimensions."""
    size, k = context.shape[:2]
    vectors = pool.vectors.expand(size, *pool.vectors.shape[-2:])
    real = torch.cat([pool.candidates.new_ones(size, k), pool.candidates], dim=1)[..., None]
    count = real.sum(dim=1, keepdim=True)
    x = torch.cat([context, vectors], dim=1).masked_fill(~real, 0.0)
    z = (x - x.sum(dim=1, keepdim=True) / count).masked_fill(~real, 0.0)
    if z.shape[1] > z.shape[2]:
        y = _turned(z, _root(z.mT @ z / count))
    else:
        wide = z.double()  # float32 rounds by more than what tells nearly equal chunks apart
        y = _by_products(wide @ wide.mT / count).to(z)
    return y[:, :k], Pool(y[:, k:], pool.candidates)


def _root(covariance: Tensor) -> Tensor:
    """R with RRᵀ = S + λ, lower triangular, for S (…, D, D)."""
    eye = torch.eye(covariance.shape[-1]).to(covariance)
    return torch.linalg.cholesky(covariance + _shrink(covariance) * eye)


def _turned(z: Tensor, root: Tensor) -> Tensor:
    """normalise(R⁻¹z) for z (…, n, D)."""
    return functional.normalize(torch.linalg.solve_triangular(root, z.mT, upper=False).mT, dim=-1)


def _by_products(gram: Tensor) -> Tensor:
    """Unit vectors (…, n, n) whose products are those of whitened chunks, from ZZᵀ/n (…, n, n) in
    float64.

    With M = ZZᵀ/n + λ, the products Z(S + λ)⁻¹Zᵀ are n·(1 - λM⁻¹).
    """
    shrink, eye = _shrink(gram), torch.eye(gram.shape[-1]).to(gram)
    inverse = torch.cholesky_inverse(torch.linalg.cholesky(gram + shrink * eye))
    products, jitter = eye - shrink * inverse, torch.full_like(shrink, JITTER)
    root, failed = torch.linalg.cholesky_ex(products + jitter * eye)
    while failed.any() and jitter.amax() < 1:
        jitter = torch.where(failed[..., None, None] > 0, 10 * jitter, jitter)
        root, failed = torch.linalg.cholesky_ex(products + jitter * eye)
    return functional.normalize(root, dim=-1)


def _shrink(matrix: Tensor) -> Tensor:
    """λ, (…, 1, 1), from a covariance or from ZZᵀ/n: their traces are the same."""
    trace = matrix.diagonal(0, -2, -1).sum(dim=-1)
    return SHRINK * trace.clamp_min(FLAT)[..., None, None]

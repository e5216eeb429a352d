"""Retrieval metrics from ranks, and what chance reaches in the same pools
(docs/methods.md#pools)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

CUTS = (1, 5, 10)
DEEPEST = 10
"""MRR@10 counts ranks up to this one."""


def per_window(ranks: np.ndarray, sizes: np.ndarray) -> dict[str, np.ndarray]:
    """R@1/5/10, MRR and MRR@10 before they are averaged.

    Args:
        ranks: (W,) rank of each window's target, 1 + #better + ½·#ties, so halves occur.
        sizes: (W,) candidates in each window's pool, the target among them.

    Returns:
        By name, (W,) float64 in [0, 1]; their means are the metrics.
    """
    ranks = np.asarray(ranks, np.float64)
    metrics = {f"r@{k}": (ranks <= k).astype(np.float64) for k in CUTS}
    metrics["mrr"] = 1 / ranks
    metrics["mrr@10"] = np.where(ranks <= DEEPEST, 1 / ranks, 0.0)
    return metrics


def chance(sizes: np.ndarray) -> dict[str, np.ndarray]:
    """What :func:`per_window` is on average, (W,) in (0, 1] by name, when every rank from 1 to n is
    as likely as another, in pools of ``sizes`` (W,) n ≥ 1.

    min(k, n)/n for R@k, H_n/n for MRR and H_min(n,10)/n for MRR@10, with H_n = 1 + ½ + … + 1/n.
    A predictor whose scores say nothing and never tie reaches exactly this. One that ties keeps
    the mean rank (n + 1)/2, but the half ranks of ties move the other metrics: scores that are all
    alike have rank (n + 1)/2 always, so R@1 = 0 in a pool of 2.
    """
    sizes = np.asarray(sizes)
    harmonic = np.cumsum(1 / np.arange(1, sizes.max(initial=0) + 1))
    expected = {f"r@{k}": np.minimum(k / sizes, 1) for k in CUTS}
    expected["mrr"] = harmonic[sizes - 1] / sizes
    expected["mrr@10"] = harmonic[np.minimum(sizes, DEEPEST) - 1] / sizes
    return expected


def rank_index(ranks: np.ndarray, sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What the adjusted mean rank index 1 − mean(rank − 1)/mean((n − 1)/2) is made of: values and
    denominators (W,), of which it is Σ values / Σ denominators.

    1 is perfect, 0 is chance (ties included: they keep the mean rank), −1 is always last. Pools of
    one candidate have a denominator of 0.
    """
    chance_above = (np.asarray(sizes) - 1) / 2
    return chance_above - (np.asarray(ranks) - 1), chance_above


def retrieval(ranks: np.ndarray, sizes: np.ndarray) -> dict[str, float]:
    """Retrieval metrics of ranks (W,) in pools of these sizes (W,).

    Returns:
        Means of :func:`per_window`, and of :func:`chance` as ``chance_r@1`` …; ``amri``, the
        adjusted mean rank index of :func:`rank_index` in [-1, 1], unless every pool has one
        candidate; ``pool_mean``; ``windows``. Only ``windows`` = 0 where there is no window.
    """
    if not len(ranks):
        return {"windows": 0}
    metrics = {name: float(values.mean()) for name, values in per_window(ranks, sizes).items()}
    by_chance = chance(sizes)
    metrics |= {f"chance_{name}": float(values.mean()) for name, values in by_chance.items()}
    values, denominators = rank_index(ranks, sizes)
    if denominators.any():
        metrics["amri"] = float(values.sum() / denominators.sum())
    metrics["pool_mean"] = float(np.mean(sizes))
    return metrics | {"windows": len(ranks)}


def rank_curve(
    ranks: np.ndarray, sizes: np.ndarray, cuts: Sequence[int]
) -> tuple[np.ndarray, np.ndarray]:
    """R@K of ``ranks`` (W,), of at least one window, at each of ``cuts`` (C,); and what chance
    reaches there, the mean of min(K, n)/n. (C,) float64 each.
    """
    curve = np.searchsorted(np.sort(ranks), cuts, side="right") / len(ranks)
    return curve, np.array([np.minimum(k / np.asarray(sizes), 1).mean() for k in cuts])

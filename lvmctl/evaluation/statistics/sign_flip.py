"""Paired sign-flip test by article (docs/methods.md#uncertainty)."""

from __future__ import annotations

import numpy as np

BLOCK = 2**21
"""Signs drawn at a time (16 MB as floats)."""


def sign_flip(
    differences: np.ndarray, article: np.ndarray, flips: int = 10_000, seed: int = 0
) -> float:
    """Two-sided p-value of "no difference": each article's differences flip sign together.

    The statistic is the sum over windows. Where 2^m sign patterns of m articles with a difference
    are at most ``flips``, all are counted; else p = (1 + #{|flipped| ≥ |observed|}) / (1 + flips).

    Args:
        differences: (n,) paired differences, one per window.
        article: (n,) index of each window's article.
        flips: random sign patterns.
        seed: p is a pure function of it and the input.

    Returns:
        p in (0, 1]; 1 where every article's differences sum to 0; NaN where there is no window or
        a difference is NaN.
    """
    differences = np.asarray(differences, np.float64)
    if not len(differences) or np.isnan(differences).any():
        return float("nan")
    sums = np.bincount(np.asarray(article, np.int64), differences)
    rounding = 1e-12 * abs(differences).sum()
    sums = sums[abs(sums) > rounding]
    bar = abs(sums.sum()) - rounding
    if 2 ** len(sums) <= flips:
        bits = np.arange(2 ** len(sums))[:, None] >> np.arange(len(sums)) & 1
        return float((abs((2 * bits - 1) @ sums) >= bar).mean())
    rng = np.random.default_rng(seed)
    reached, step = 0, max(BLOCK // len(sums), 1)
    for low in range(0, flips, step):
        shape = (min(step, flips - low), len(sums))
        bits = rng.integers(0, 2, shape, dtype=np.int8).astype(np.float64)
        reached += int((abs((2 * bits - 1) @ sums) >= bar).sum())
    return (1 + reached) / (1 + flips)

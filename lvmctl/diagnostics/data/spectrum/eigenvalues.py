"""How a store's unit chunks fill their space: mean vector, eigenvalues, effective rank.

Everything comes from sums over articles, so that leaving out a group of articles, which is what
intervals are made of, costs a subtraction and no second reading.
"""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable, Sequence

import numpy as np

from lvmctl.data import Split
from lvmctl.data.moments import Moments, moments
from lvmctl.data.splits.assign import seeded_order
from lvmctl.evaluation.statistics.intervals import Interval, Resampling

GROUPS = 20
"""Groups of articles that are left out in turn."""
GROUP_BYTES = 1 << 28
"""Bytes of their moments: wide vectors have fewer groups, but 5 at least."""
TOP = (1, 3, 10)
"""Numbers of eigenvalues whose share is reported."""


def figures(whole: Moments) -> dict[str, float]:
    """Figures of a spectrum.

    ``mean_norm`` and ``mean_cosine`` (of :class:`Moments`); ``top_n``, the share of the variance
    along the first n axes; ``effective_rank``, exp(−Σ p ln p) of the shares p (Roy and Vetterli,
    2007); ``participation``, 1/Σ p². The last two are D where the variance is the same in every
    direction, and 1 where it lies on a line.
    """
    shares = whole.shares
    positive = shares[shares > 0]
    entropy = -float(positive @ np.log(positive)) if len(positive) else math.nan
    return {
        "mean_norm": float(np.linalg.norm(whole.mean)),
        "mean_cosine": whole.mean_cosine,
        **{f"top_{n}": float(shares[:n].sum()) for n in TOP if n < len(shares)},
        "effective_rank": math.exp(entropy),
        "participation": 1 / float(shares @ shares),
    }


def isotropic(chunks: int, dim: int) -> dict[str, float]:
    """About what :func:`figures` are of N independent chunks, uniform on the sphere.

    The mean's norm is 1/√N. With γ = D/N the largest eigenvalue is (1 + √γ)² times the average
    (Marchenko and Pastur), the participation D/(1 + γ), and the mean entropy ln m − m/2M for
    m = min(D, N − 1) and M = max(D, N − 1) (Page, 1993).
    """
    gamma = dim / chunks
    few, many = sorted((dim, max(chunks - 1, 1)))
    top = {"top_1": min((1 + math.sqrt(gamma)) ** 2 / dim, 1.0)} if dim > 1 else {}
    return {
        "mean_norm": 1 / math.sqrt(chunks),
        "mean_cosine": 0.0,
        **top,
        "effective_rank": few * math.exp(-few / (2 * many)) if few > 1 else 1.0,
        "participation": dim / (1 + gamma),
    }


def intervals(groups: Sequence[Moments], seed: int) -> dict[str, Interval]:
    """95 % intervals of :func:`figures`, by leaving out each group of articles in turn.

    They are bootstrap-t intervals of the mean of the jackknife's pseudo-values, moved so that they
    lie around the figure itself: how it varies between sets of articles, not what a finite number
    of chunks does to it (:func:`isotropic` shows that). (NaN, NaN) for one group.
    """
    count, whole = len(groups), summed(groups)
    if count < 2:
        return dict.fromkeys(figures(whole), (math.nan, math.nan))
    without = [figures(whole - group) for group in groups]
    samples = {}
    for name, value in figures(whole).items():
        left = np.array([remaining[name] for remaining in without])
        samples[name] = (value + (count - 1) * (left.mean() - left), np.arange(count))
    return Resampling(count, seed).intervals(samples)


def summed(groups: Sequence[Moments]) -> Moments:
    """Moments of all groups together."""
    return functools.reduce(operator.add, groups)


def grouped(
    split: Split, seed: int, progress: Callable[[int], object] = lambda n: None
) -> list[Moments]:
    """Moments of at most GROUPS groups of articles, in a seeded order."""
    groups = min(GROUPS, max(5, GROUP_BYTES // (8 * split.dim**2)), len(split.lengths))
    order = seeded_order(len(split.lengths), seed, "spectrum")
    return [moments(split.take(np.sort(order[g::groups])), progress) for g in range(groups)]

"""Do two sets of articles differ in any of several means? One max-statistic permutation test.

Means are over windows, articles are what was sampled: a difference is d = Σs₁/Σn₁ - Σs₂/Σn₂ of
article sums s and counts n, its standard error is linearised over articles, and t = |d|/se. Under
permutation of the articles' labels the largest t of all traits has a distribution that one critical
value is read from, however many traits there are and however they hang together. Studentising
keeps the level where the splits differ in size or spread (Janssen 1997; Chung and Romano
2013). Permutations work on sums by article, whatever the number of windows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

ROUNDING = 1e-7
"""Smallest standard error that is not rounding: means of float32 cosines have no more digits.
"""
BLOCK = 2**21
"""Labels permuted at a time (16 MB as floats)."""


@dataclass(frozen=True)
class Comparison:
    """Differences of T means between two splits.

    Attributes:
        difference: (T,) mean of the first split minus that of the second.
        error: (T,) standard error by articles; NaN where either split has fewer than two.
        critical: the largest t that chance reaches with probability ``level``; NaN as above.
        p: (T,) of each difference, adjusted for all T; NaN as above.
    """

    difference: np.ndarray
    error: np.ndarray
    critical: float
    p: np.ndarray

    @property
    def reach(self) -> np.ndarray:
        """(T,) half-widths of simultaneous intervals: a smaller difference passes as chance."""
        return self.critical * self.error

    @property
    def significant(self) -> np.ndarray:
        """(T,) whether the simultaneous interval leaves out 0, p <= level."""
        return np.abs(self.difference) > self.reach


def compare(
    sums: tuple[np.ndarray, np.ndarray],
    counts: tuple[np.ndarray, np.ndarray],
    level: float,
    permutations: int,
    seed: int,
) -> Comparison:
    """Compare T means of two splits, at a ``level`` by P ≥ 1/level - 1 permutations.

    Args:
        sums: of each split, (A, T) sums over the windows of each of its A articles.
        counts: of each split, (A,) windows of each article, at least 1.
    """
    terms = _terms(np.concatenate(sums), np.concatenate(counts).astype(np.float64))
    sizes = tuple(len(count) for count in counts)
    (difference,), (error,) = _differences(own_labels(sizes), terms, sizes)
    if min(sizes) < 2:
        nothing = np.full(len(difference), np.nan)
        return Comparison(difference, nothing, np.nan, nothing)
    largest = [
        _studentised(*_differences(labels, terms, sizes)).max(axis=1)
        for labels in permuted(sizes, permutations, seed)
    ]
    largest = np.sort(np.concatenate(largest))[::-1]
    ranked = max(int(level * (permutations + 1) * (1 + 1e-12)), 1)
    t = _studentised(difference, error)
    # Labels that come out as they were give the same t but for the order of summation.
    reached = np.searchsorted(-largest, -t * (1 - 1e-9), side="right")
    p = (1 + reached) / (1 + permutations)
    return Comparison(difference, np.maximum(error, ROUNDING), float(largest[ranked - 1]), p)


def own_labels(sizes: tuple[int, int]) -> np.ndarray:
    """(1, A) labels of the splits as they are: 1 for the articles of the first."""
    return np.repeat([[1.0, 0.0]], sizes, axis=1)


def permuted(sizes: tuple[int, int], permutations: int, seed: int) -> Iterator[np.ndarray]:
    """Blocks of random labels (B, A) float64, 1 for each of the ``sizes[0]`` articles that take
    the first split's place; P rows in all."""
    articles, fewer = sum(sizes), min(sizes)
    rng = np.random.default_rng(seed)
    step = max(BLOCK // articles, 1)
    for low in range(0, permutations, step):
        labels = np.full((min(step, permutations - low), articles), float(sizes[1] == fewer))
        for row in labels:
            row[rng.choice(articles, fewer, replace=False, shuffle=False)] = sizes[1] != fewer
        yield labels


def _terms(sums: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """(A, 2 + 3T) what differences and their errors are sums of: n, n², e, e·n, e².

    e = s - θn is centred on the pooled mean θ, so that squares lose no digits.
    """
    excess = sums - sums.sum(axis=0) / counts.sum() * counts[:, None]
    columns = [counts[:, None], counts[:, None] ** 2, excess, excess * counts[:, None], excess**2]
    return np.hstack(columns)


def _differences(
    labels: np.ndarray, terms: np.ndarray, sizes: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Differences and standard errors (B, T) of articles labelled 1 and 0 (B, A)."""
    first = labels @ terms
    shifts, variances = [], []
    for group, size in ((first, sizes[0]), (terms.sum(axis=0) - first, sizes[1])):
        n, nn = group[:, :1], group[:, 1:2]
        e, en, ee = np.split(group[:, 2:], 3, axis=1)
        shift = e / n
        spread = np.maximum(ee - 2 * shift * en + shift**2 * nn, 0) / n**2
        shifts.append(shift)
        variances.append(spread * size / max(size - 1, 1))
    return shifts[0] - shifts[1], np.sqrt(variances[0] + variances[1])


def _studentised(difference: np.ndarray, error: np.ndarray) -> np.ndarray:
    return np.abs(difference) / np.maximum(error, ROUNDING)

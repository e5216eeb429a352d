"""How sure a metric is when articles, not windows, are what was sampled
(docs/methods.md#uncertainty).

Windows of an article resemble each other, so articles are resampled whole. A metric is the ratio
Σ values / Σ denominators over windows: with denominators of 1, the mean of all windows.
Intervals are bootstrap-t, whose coverage ``benchmarks/interval_coverage.py`` measures beside
percentiles'.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lvmctl.evaluation.statistics.sign_flip import sign_flip

BLOCK = 64
"""Metrics resampled in one matrix product."""
NUMBERS = 2**21
"""Counts of draws turned into floats at a time (16 MB), whatever the number of articles."""

DRAWN = 2**15
"""Articles drawn at a time, where draws are as small: what a processor's cache holds."""

Interval = tuple[float, float]
Samples = tuple[np.ndarray, np.ndarray] | tuple[np.ndarray, np.ndarray, np.ndarray | None]
"""``(values, article)`` or ``(values, article, denominator)`` of one metric, (n,) each: what every
window contributes, and the index of its article in [0, articles)."""


@dataclass(frozen=True)
class Resampled:
    """F metrics and what becomes of them in each of R draws.

    Attributes:
        estimate: (F,) the metrics on the articles there are.
        variance: (F,) jackknife variance, leaving out one article at a time; NaN where fewer than
            two articles hold values.
        lowest, highest: (F,) the metric of the worst and of the best window.
        shift: (R, F) metric of the draw minus ``estimate``; NaN where no article that was drawn
            holds a value.
        variances: (R, F) variance of the metric by the draw alone.
    """

    estimate: np.ndarray
    variance: np.ndarray
    lowest: np.ndarray
    highest: np.ndarray
    shift: np.ndarray
    variances: np.ndarray

    def minus(self, other: Resampled) -> Resampled:
        """The differences from metrics of other articles, which were drawn independently."""
        # One draw further on: a Resampling of as many articles and the same seed has equal draws.
        moved = {name: np.roll(getattr(other, name), 1, axis=0) for name in ("shift", "variances")}
        return Resampled(
            estimate=self.estimate - other.estimate,
            variance=self.variance + other.variance,
            lowest=self.lowest - other.highest,
            highest=self.highest - other.lowest,
            shift=self.shift - moved["shift"],
            variances=self.variances + moved["variances"],
        )

    def intervals(self, level: float) -> list[Interval]:
        """Bootstrap-t intervals: moves of the draws in their own standard errors, mirrored.

        No end lies beyond the worst or the best window. Draws without a value are left out.
        (NaN, NaN) for metrics that are NaN or come from fewer than two articles.
        """
        with np.errstate(invalid="ignore", divide="ignore"):
            moves = -self.shift * np.sqrt(self.variance / self.variances)
        # All articles are alike, but for what floats cannot tell.
        moves[:, self.variance < np.finfo(np.float64).tiny] = 0
        tails = ((1 - level) / 2, (1 + level) / 2)
        ends = np.full((2, len(self.estimate)), np.nan)
        without = np.isnan(moves)
        whole = ~without.any(axis=0)
        ends[:, whole] = np.quantile(moves[:, whole], tails, axis=0)
        for metric in np.flatnonzero(~whole & ~without.all(axis=0)):
            drawn = moves[~without[:, metric], metric]
            ends[:, metric] = np.quantile(drawn, tails)
        ends = (self.estimate + ends).clip(self.lowest, self.highest)
        return [(float(low), float(high)) for low, high in ends.T]


class Resampling:
    """Draws of articles with replacement, the same ones for every metric of a report.

    Args:
        articles: A, articles of the split; those without windows count.
        seed: draws are a pure function of it and the two sizes.
        resamples: R, number of draws.
    """

    def __init__(self, articles: int, seed: int = 0, resamples: int = 2000) -> None:
        rng = np.random.default_rng(seed)
        self.articles, self.seed = articles, seed
        self.counts = np.empty((resamples, articles), np.uint8)
        """(R, A) how often each article is drawn; no article is drawn 256 times in practice."""
        for low in range(0, resamples, step := max(DRAWN // max(articles, 1), 1)):
            counts = self.counts[low : low + step]
            drawn = rng.integers(0, articles, counts.shape)
            drawn += articles * np.arange(len(counts))[:, None]
            counts[:] = np.bincount(drawn.ravel(), minlength=counts.size).reshape(counts.shape)

    def interval(
        self,
        values: np.ndarray,
        article: np.ndarray,
        denominator: np.ndarray | None = None,
        level: float = 0.95,
    ) -> Interval:
        """Bootstrap-t interval of Σ values / Σ denominators.

        Args:
            values: (n,) one per window; NaN makes the interval NaN.
            article: (n,) index of each window's article.
            denominator: (n,) at least 0; ones by default.
            level: of the interval, in (0, 1).

        Returns:
            Low and high end; (NaN, NaN) where fewer than two articles hold values.
        """
        return self.intervals({"": (values, article, denominator)}, level)[""]

    def intervals(self, columns: Mapping[str, Samples], level: float = 0.95) -> dict[str, Interval]:
        """:meth:`interval` of many metrics by name, in a few matrix products."""
        names = list(columns)
        intervals: list[Interval] = []
        for low in range(0, len(names), BLOCK):
            together = [columns[name] for name in names[low : low + BLOCK]]
            intervals += self.resampled(together).intervals(level)
        return dict(zip(names, intervals))

    def sign_flip(self, differences: np.ndarray, article: np.ndarray, flips: int = 10_000) -> float:
        """p-value of :func:`sign_flip`, with this resampling's seed."""
        return sign_flip(differences, article, flips, self.seed)

    def resampled(self, columns: Sequence[Samples]) -> Resampled:
        """Metrics in every draw, with variances from sums over the articles drawn.

        For article sums s and n of values and denominators, the metric is θ = Σs/Σn and its
        linearised variance Σ(s − θn)²/(Σn)². A draw that hits few different articles finds next to
        no variance, so a draw's variance is mixed with that of all m articles, weighted m^-1.5.
        """
        parts = [article_sums(self.articles, *column) for column in columns]
        estimate, lowest, highest, excess, weight = (
            np.stack(part, axis=-1) for part in zip(*parts)
        )
        articles, total = (weight > 0).sum(axis=0), weight.sum(axis=0)
        terms = [excess, weight, excess**2, excess * weight, weight**2]
        e, w, ee, ew, ww = np.split(self._sums(np.hstack(terms)), len(terms), axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            shift = e / w
            variance = np.maximum(ee - 2 * shift * ew + shift**2 * ww, 0) / w**2
            share = articles**-1.5
            mixed = (1 - share) * variance + share * (excess**2).sum(axis=0) / total**2
            jackknife = ((excess / (total - weight)) ** 2).sum(axis=0)
        jackknife[articles < 2] = np.nan
        return Resampled(estimate, jackknife, lowest, highest, shift, mixed)

    def _sums(self, terms: np.ndarray) -> np.ndarray:
        """Sums (R, C) over the articles of each draw of ``terms`` (A, C)."""
        sums = np.empty((len(self.counts), terms.shape[1]))
        step = max(NUMBERS // max(self.articles, 1), 1)
        for low in range(0, len(sums), step):
            counts = self.counts[low : low + step].astype(np.float64)
            with np.errstate(invalid="ignore"):
                np.matmul(counts, terms, out=sums[low : low + step])
        return sums


def article_sums(
    articles: int, values: np.ndarray, article: np.ndarray, denominator: np.ndarray | None = None
) -> tuple[float, float, float, np.ndarray, np.ndarray]:
    """θ = Σ values / Σ denominators, lowest and highest value / denominator of a window, and by
    article (A,) Σ(values − θ·denominators) and Σ denominators.

    Centred before it is summed, so that a shift of all values moves no variance.
    """
    values, article = np.asarray(values, np.float64), np.asarray(article, np.int64)
    weights = np.ones(len(values)) if denominator is None else np.asarray(denominator, np.float64)
    weight, total = np.bincount(article, weights, articles), weights.sum()
    if not total > 0:
        return np.nan, np.nan, np.nan, np.full(articles, np.nan), weight
    estimate = values.sum() / total
    excess = np.bincount(article, values - estimate * weights, articles)
    each = values[weights > 0] / weights[weights > 0]
    return estimate, each.min(), each.max(), excess, weight


def difference_interval(
    first: tuple[Any, ...], second: tuple[Any, ...], level: float = 0.95
) -> Interval:
    """Bootstrap-t interval of a metric on one split minus a metric on another (5CAT E), from
    ``(resampling, values, article)`` or ``(resampling, values, article, denominator)`` of each.
    Both are resampled, independently, with as many draws.

    Returns:
        Low and high end of the signed difference; (NaN, NaN) where either has none of its own.
    """
    draws, other_draws = (resampling.resampled([column]) for resampling, *column in (first, second))
    return draws.minus(other_draws).intervals(level)[0]

"""How a store's unit chunks fill their space: mean vector, eigenvalues, effective rank.

Everything comes from sums over articles, so that leaving out a group of articles, which is what
intervals are made of, costs a subtraction and no second reading.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch

from lvmctl.data import Split
from lvmctl.data.arrays import BLOCK_BYTES, release, unit
from lvmctl.data.order import seeded_order
from lvmctl.evaluation.global_ranks import split_rows
from lvmctl.evaluation.products import float32_products
from lvmctl.metrics.intervals import Interval, Resampling

GROUPS = 20
"""Groups of articles that are left out in turn."""
GROUP_BYTES = 1 << 28
"""Bytes of their moments: wide vectors have fewer groups, but 5 at least."""
TOP = (1, 3, 10)
"""Numbers of eigenvalues whose share is told."""
NOTHING = 1e-9
"""A variance below this is rounding: the chunks are all alike."""


@dataclass(frozen=True)
class Moments:
    """Sums over articles of unit chunks. Moments of different articles add and subtract.

    Attributes:
        chunks: N.
        total: (D,) float64, the sum of the chunks.
        second: (D, D) float64, the sum of their outer products.
        own: the sum over articles of the squared norm of the article's sum.
        squares: the sum over articles of its number of chunks squared.
    """

    chunks: int
    total: np.ndarray
    second: np.ndarray
    own: float
    squares: int

    def __add__(self, other: Moments) -> Moments:
        return Moments(*(a + b for a, b in zip(self._parts, other._parts)))

    def __sub__(self, other: Moments) -> Moments:
        return Moments(*(a - b for a, b in zip(self._parts, other._parts)))

    @property
    def _parts(self) -> tuple:
        return self.chunks, self.total, self.second, self.own, self.squares

    @property
    def mean(self) -> np.ndarray:
        """(D,) float64; its norm is 1 where all chunks are one and near 1/√N where they are
        isotropic."""
        return self.total / self.chunks

    @property
    def mean_cosine(self) -> float:
        """Mean cosine of two chunks of different articles; NaN where there is one article."""
        pairs = self.chunks**2 - self.squares
        return float(self.total @ self.total - self.own) / pairs if pairs else math.nan

    @cached_property
    def spectrum(self) -> tuple[np.ndarray, np.ndarray]:
        """Eigenvalues (D,) of the covariance, the largest first, and the axes (D, D) as columns."""
        values, axes = torch.linalg.eigh(torch.from_numpy(self._covariance()))
        return values.numpy()[::-1].clip(0), axes.numpy()[:, ::-1]

    @cached_property
    def eigenvalues(self) -> np.ndarray:
        """(D,) float64, the largest first; their sum is the variance, 1 − ‖mean‖²."""
        values = torch.linalg.eigvalsh(torch.from_numpy(self._covariance()))
        return values.numpy()[::-1].clip(0)

    def _covariance(self) -> np.ndarray:
        return self.second / self.chunks - np.outer(self.mean, self.mean)

    @property
    def shares(self) -> np.ndarray:
        """(D,) eigenvalues divided by their sum; NaN where the chunks are all alike."""
        whole = self.eigenvalues.sum()
        return self.eigenvalues / (whole if whole > NOTHING else math.nan)


def figures(moments: Moments) -> dict[str, float]:
    """What is told of a spectrum.

    ``mean_norm`` and ``mean_cosine`` (of :class:`Moments`); ``top_n``, the share of the variance
    along the first n axes; ``effective_rank``, exp(−Σ p ln p) of the shares p (Roy and Vetterli,
    2007); ``participation``, 1/Σ p². The last two are D where the variance is the same in every
    direction, and 1 where it lies on a line.
    """
    shares = moments.shares
    some = shares[shares > 0]
    entropy = -float(some @ np.log(some)) if len(some) else math.nan
    top = {f"top_{n}": float(shares[:n].sum()) for n in TOP if n < len(shares)}
    return {
        "mean_norm": float(np.linalg.norm(moments.mean)),
        "mean_cosine": moments.mean_cosine,
        **top,
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
    found = {"mean_norm": 1 / math.sqrt(chunks), "mean_cosine": 0.0}
    if dim > 1:
        found["top_1"] = min((1 + math.sqrt(gamma)) ** 2 / dim, 1.0)
    rank = few * math.exp(-few / (2 * many)) if few > 1 else 1.0
    return found | {"effective_rank": rank, "participation": dim / (1 + gamma)}


def intervals(groups: Sequence[Moments], seed: int) -> dict[str, Interval]:
    """95 % intervals of :func:`figures`, by leaving out each group of articles in turn.

    They are bootstrap-t intervals of the mean of the jackknife's pseudo-values, moved so that they
    lie around the figure itself: they say how it varies between sets of articles, not what a
    finite number of chunks does to it (:func:`isotropic` shows that). (NaN, NaN) for one group.
    """
    count = len(groups)
    if count < 2:
        return dict.fromkeys(figures(groups[0]), (math.nan, math.nan))
    whole = summed(groups)
    without = [figures(whole - group) for group in groups]
    columns = {}
    for name, value in figures(whole).items():
        left = np.array([found[name] for found in without])
        columns[name] = (value + (count - 1) * (left.mean() - left), np.arange(count))
    return Resampling(count, seed).intervals(columns)


def summed(groups: Sequence[Moments]) -> Moments:
    """Moments of all groups together."""
    whole = groups[0]
    for group in groups[1:]:
        whole = whole + group
    return whole


def grouped(
    split: Split, seed: int, progress: Callable[[int], object] = lambda n: None
) -> list[Moments]:
    """Moments of at most GROUPS groups of articles, which a seed deals out.

    Args:
        split: at least one chunk.
        progress: told how many more chunks are done.
    """
    groups = min(GROUPS, max(5, GROUP_BYTES // (8 * split.dim**2)), len(split.lengths))
    order = seeded_order(len(split.lengths), seed, "spectrum")
    return [moments(split.take(np.sort(order[g::groups])), progress) for g in range(groups)]


def moments(split: Split, progress: Callable[[int], object] = lambda n: None) -> Moments:
    """Moments of a split's articles, read in blocks."""
    total, second = np.zeros(split.dim), np.zeros((split.dim, split.dim))
    own, last, carried = 0.0, -1, np.zeros(split.dim)
    with float32_products():
        for rows, article in _blocks(split):
            one = torch.from_numpy(rows)
            second += (one.T @ one).numpy()
            edges = np.flatnonzero(np.diff(article, prepend=-1))
            sums = np.add.reduceat(rows, edges, axis=0, dtype=np.float64)
            total += sums.sum(axis=0)
            # An article may go on in the next block.
            if article[0] == last:
                sums[0] += carried
            else:
                own += carried @ carried
            own += float(np.einsum("nd,nd->", sums[:-1], sums[:-1]))
            last, carried = article[-1], sums[-1]
            progress(len(rows))
    squares = int((split.lengths**2).sum())
    return Moments(split.chunks, total, second, own + float(carried @ carried), squares)


def _blocks(split: Split) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Unit chunks (n, D) float32 and the article (n,) of each, in order."""
    rows = split_rows(split)
    article = np.repeat(np.arange(len(split.lengths)), split.lengths)
    step = max(BLOCK_BYTES // (8 * split.dim), 1)
    for low in range(0, len(rows), step):
        part = slice(low, low + step)
        yield unit(split.vectors[rows[part]]), article[part]
        release(split.vectors)

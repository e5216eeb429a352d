"""First and second moments of a split's unit chunks, summed over its articles."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch

from lvmctl.data.splits.split import Split
from lvmctl.data.store.arrays import unit

NOTHING = 1e-9
"""A variance below this is rounding: the chunks are all alike."""


@dataclass(frozen=True)
class Moments:
    """Sums over articles of unit chunks. Moments of different articles add and subtract.

    Attributes:
        chunks: N.
        total: (D,) float64, the sum of the chunks.
        second: (D, D) float64, the sum of their outer products.
        within: the sum over articles of the squared norm of the article's sum.
        squares: the sum over articles of its number of chunks squared.
    """

    chunks: int
    total: np.ndarray
    second: np.ndarray
    within: float
    squares: int

    def __add__(self, other: Moments) -> Moments:
        return Moments(*(a + b for a, b in zip(self._parts, other._parts)))

    def __sub__(self, other: Moments) -> Moments:
        return Moments(*(a - b for a, b in zip(self._parts, other._parts)))

    @property
    def _parts(self) -> tuple:
        return self.chunks, self.total, self.second, self.within, self.squares

    @property
    def mean(self) -> np.ndarray:
        """(D,) float64; its norm is 1 where all chunks are one and near 1/√N where they are
        isotropic."""
        return self.total / self.chunks

    @property
    def mean_cosine(self) -> float:
        """Mean cosine of two chunks of different articles; NaN where there is one article."""
        pairs = self.chunks**2 - self.squares
        return float(self.total @ self.total - self.within) / pairs if pairs else math.nan

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


def moments(split: Split, progress: Callable[[int], object] = lambda n: None) -> Moments:
    """Moments of a split's articles, read in blocks."""
    total, second = np.zeros(split.dim), np.zeros((split.dim, split.dim))
    within, low, last, carried = 0.0, 0, -1, np.zeros(split.dim)
    owner = np.repeat(np.arange(len(split.lengths)), split.lengths)
    for rows in map(unit, split.vector_blocks()):
        article = owner[low : low + len(rows)]
        low += len(rows)
        second += rows.T @ rows
        edges = np.flatnonzero(np.diff(article, prepend=-1))
        sums = np.add.reduceat(rows, edges, axis=0, dtype=np.float64)
        total += sums.sum(axis=0)
        # An article may go on in the next block.
        if article[0] == last:
            sums[0] += carried
        else:
            within += carried @ carried
        within += float(np.einsum("nd,nd->", sums[:-1], sums[:-1]))
        last, carried = article[-1], sums[-1]
        progress(len(rows))
    squares = int((split.lengths**2).sum())
    return Moments(split.chunks, total, second, within + float(carried @ carried), squares)

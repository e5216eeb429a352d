"""How a text's own axes and its linear continuation are fitted, article by article."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import torch
from torch import Tensor

if TYPE_CHECKING:
    from lvmctl import Windows

T = TypeVar("T", int, np.ndarray, Tensor)

FOLDS = 5
"""Parts of the articles."""

REPEATED = 0.05
"""Share of the chunks that may stand in several articles: folds are apart only if few do."""

ALIKE = 1e-6
"""Total variance of unit chunks that is rounding: they are all alike."""

SOFT = 0.3
"""Mean variances of an axis that are added to each one's before it is divided by."""

RIDGE = 1.0
"""Penalty of the guess, in mean eigenvalues."""

SHARE = 0.99
"""Of the held-out training windows, those that are in-domain."""

BLOCK = 2048
"""Windows read at a time."""


def fit_axes(windows: Windows, rank: int) -> dict[str, Tensor]:
    """The buffers of :class:`~lvmctl_ranker.in_domain.InDomain`, by name; none where a fold has no
    article with a window, or more than a few chunks stand in several articles."""
    articles = np.unique(windows.article)
    if len(np.unique(fold_of(articles))) < FOLDS or repeated(windows, articles) > REPEATED:
        return {}
    dim = windows.split.dim
    sums = [Sums(dim) for _ in range(FOLDS)]
    for number in articles:
        sums[fold_of(number)].add(chunks_of(windows, number))
    folds_of = [[fold for fold in range(FOLDS) if fold != out] for out in range(FOLDS + 1)]
    axes_of, places = [], []
    for folds in folds_of:
        part = sum((sums[fold] for fold in folds), Sums(dim))
        axes_of.append(part.axes(rank))
        places.append(part.place())
    del sums, part
    axes, agreement = map(torch.stack, zip(*axes_of))
    mean, root = places[FOLDS]
    far = torch.cat(
        [distance(context, *places[fold]) for fold, context, _, _ in blocks(windows, articles)]
    )
    return {
        "axes": axes,
        "agreement": agreement,
        "ahead": ahead(windows, articles, folds_of, axes),
        "mean": mean,
        "root": root,
        "limit": torch.tensor(np.quantile(far.numpy(), SHARE)),
    }


def fold_of(article: T) -> T:
    """Which part an article belongs to, by its number; spread also where every fifth article, or
    another regular part of a store, has no window."""
    return (article + article // FOLDS) % FOLDS


def repeated(windows: Windows, articles: np.ndarray) -> float:
    """Share of the chunks of ``articles`` that are also chunks of another of them."""
    count: Counter[int] = Counter()
    for number in articles:
        rows = np.unique(chunks_of(windows, number).numpy(), axis=0)
        count.update(hash(row.tobytes()) for row in rows)
    return sum(n for n in count.values() if n > 1) / sum(count.values())


class Sums:
    """What is added up over articles of unit chunks (n, D).

    Attributes:
        within, lagged: (D, D), Σ z_t z_tᵀ and Σ z_t z_{t+1}ᵀ of chunks less their article's mean.
        second, total: Σ x xᵀ (D, D) and Σ x (D,) of the chunks themselves.
        chunks, pairs: how many there were.
    """

    def __init__(self, dim: int) -> None:
        self.within, self.lagged, self.second = (torch.zeros(dim, dim) for _ in range(3))
        self.total = torch.zeros(dim)
        self.chunks = self.pairs = 0

    def add(self, x: Tensor) -> None:
        z = x - x.mean(dim=0)
        self.within += z.T @ z
        self.lagged += z[:-1].T @ z[1:]
        self.second += x.T @ x
        self.total += x.sum(dim=0)
        self.chunks += len(x)
        self.pairs += len(x) - 1

    def __add__(self, other: Sums) -> Sums:
        total = Sums(len(self.total))
        for name, value in vars(self).items():
            setattr(total, name, value + getattr(other, name))
        return total

    def axes(self, rank: int) -> tuple[Tensor, Tensor]:
        """(D, R) and (R,): axes along which successive chunks agree most, orthonormal in S + λ, and
        how much, which is ≥ 0.

        With S the covariance within articles and λ a share of its mean eigenvalue, they are the
        leading eigenvectors of (S + λ)^(-1/2)·(L + Lᵀ)/2·(S + λ)^(-1/2), L the lag covariance.
        """
        whiten = soft_root(self.within / self.chunks, SOFT)
        lagged = self.lagged / max(1, self.pairs)
        values, vectors = torch.linalg.eigh(whiten.T @ (lagged + lagged.T) @ whiten / 2)
        return whiten @ vectors[:, -rank:], values[-rank:].clamp_min(0)

    def place(self) -> tuple[Tensor, Tensor]:
        """Where the chunks are: mean (D,) and root (D, D), see :func:`distance`."""
        mean = self.total / self.chunks
        return mean, soft_root(self.second / self.chunks - mean.outer(mean), SOFT)


def soft_root(covariance: Tensor, soft: float) -> Tensor:
    """(D, D) W with WWᵀ = (S + λ)⁻¹, λ = ``soft`` mean eigenvalues of S; zero where S is that of
    unit chunks that are all alike."""
    if covariance.trace() < ALIKE:
        return torch.zeros_like(covariance)
    values, vectors = torch.linalg.eigh(covariance)
    values = values.clamp_min(0)
    return vectors * (values + soft * values.mean()).rsqrt()


def distance(context: Tensor, mean: Tensor, root: Tensor) -> Tensor:
    """Mean of ‖(c_k - mean)·root‖² over a window (B, K, D) → (B,)."""
    return ((context - mean) @ root).square().sum(dim=-1).mean(dim=-1)


def guessed_from(window: Tensor) -> Tensor:
    """What a guess is linear in, of windows (B, K, R) along the axes: the newest chunk, the one
    before it, and the mean, (B, 1, 3R)."""
    newest, before = window[:, -1:], window[:, max(0, window.shape[1] - 2), None]
    return torch.cat([newest, before, window.mean(dim=1, keepdim=True)], dim=-1)


def ahead(
    windows: Windows, articles: np.ndarray, folds_of: list[list[int]], axes: Tensor
) -> Tensor:
    """(FOLDS + 1, 3R, R) ridge maps M from :func:`guessed_from` to the target along the axes."""
    rank = axes.shape[-1]
    moment = torch.zeros(len(folds_of), 3 * rank, 3 * rank)
    cross = torch.zeros(len(folds_of), 3 * rank, rank)
    for fold, context, target, mean in blocks(windows, articles):
        for out, folds in enumerate(folds_of):
            if fold in folds:
                x = guessed_from((context - mean) @ axes[out])[:, 0]
                moment[out] += x.T @ x
                cross[out] += x.T @ ((target - mean[:, 0]) @ axes[out])
    ridge = RIDGE * moment.diagonal(dim1=1, dim2=2).mean(dim=1).clamp_min(1e-12)
    eye = torch.eye(3 * rank)
    root = torch.linalg.cholesky(moment + ridge[:, None, None] * eye)
    return torch.cholesky_solve(cross, root)


def chunks_of(windows: Windows, number: int) -> Tensor:
    """(n, D) the unit chunks of article ``number``."""
    start, length = windows.split.starts[number], windows.split.lengths[number]
    return torch.from_numpy(windows.split.unit_rows(start, start + length))


def blocks(windows: Windows, articles: np.ndarray) -> Iterator[tuple[int, Tensor, Tensor, Tensor]]:
    """Windows of one article at a time: its fold, contexts (B, K, D), targets (B, D), and the mean
    of the article's chunks (1, 1, D)."""
    for number in articles:
        low, high = np.searchsorted(windows.article, [number, number + 1])
        mean = chunks_of(windows, number).mean(dim=0)[None, None]
        for start in range(low, high, BLOCK):
            index = np.arange(start, min(start + BLOCK, high))
            both = windows.context(index), windows.target(index)
            yield fold_of(number), *map(torch.from_numpy, both), mean

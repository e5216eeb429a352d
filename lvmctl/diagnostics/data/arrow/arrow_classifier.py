"""Can a window be distinguished from its mirror image? (docs/methods.md#arrow)

A window's score is the sum over its adjacent pairs of x̃_tᵀ B x̃_{t+1} with Bᵀ = -B: reading the
window backward changes its sign and nothing else. x̃ holds principal components and a 1, by which
the form also sees the drift of the mean, all that a linear classifier would see.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from lvmctl.baselines.least_squares import fit_held_out
from lvmctl.data.splits.assign import seeded_articles
from lvmctl.data.splits.split import Split

FOLDS = 5
RANK = 32
PENALTIES = tuple(10.0**power for power in range(-3, 4))
"""Tried, as multiples of the features' mean square."""

HIDDEN, PASSES, BATCH, RATE, DECAY = 64, 6, 512, 3e-3, 0.1
"""Of the network: hidden units, passes over its windows, batch size, AdamW's rate and decay."""


@dataclass(frozen=True)
class WindowSample:
    """Windows of whole articles, in a few dimensions.

    Attributes:
        chunks: (W, L, r) float32 principal components, oldest chunk first.
        article: (W,) ascending index of each window's article in the split.
        fold: (W,) part in which the window is held out, in [0, folds); whole articles.
        folds: how many parts.
    """

    chunks: np.ndarray
    article: np.ndarray
    fold: np.ndarray
    folds: int


def sample_windows(
    split: Split, length: int, max_windows: int, seed: int = 0
) -> WindowSample | None:
    """Windows of L = ``length`` ≥ 2 chunks of whole articles, taken in a seeded order until they
    hold ``max_windows``.

    The principal components kept are those of chunks, which reversing leaves alone. None where
    fewer than two articles hold a window: nothing can be held out.
    """
    counts = np.maximum(split.lengths - length + 1, 0)
    taken = seeded_articles(counts, max_windows, seed, "arrow")
    if len(taken) < 2:
        return None
    folds = min(FOLDS, len(taken))
    fold_of = np.zeros(len(counts), np.int64)
    fold_of[taken] = np.arange(len(taken)) % folds
    taken = np.sort(taken)
    mean, axes = principal(split, taken)
    windows = []
    for start, count in zip(split.starts[taken], split.lengths[taken]):
        components = (split.unit_rows(start, start + count) - mean) @ axes
        windows.append(components[np.arange(count - length + 1)[:, None] + np.arange(length)])
    article = np.repeat(taken, counts[taken])
    return WindowSample(np.concatenate(windows), article, fold_of[article], folds)


def principal(split: Split, articles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean (D,) of the articles' chunks and their leading components (D, r), scaled as a whole.

    The scale makes the components' total variance 1, so that the drift of the mean, which goes with
    the 1 behind them, and the products of components are penalised alike.
    """
    total, square, count = np.zeros(split.dim), np.zeros((split.dim, split.dim)), 0
    for start, length in zip(split.starts[articles], split.lengths[articles]):
        chunks = split.unit_rows(start, start + length)
        total += chunks.sum(axis=0, dtype=np.float64)
        square += chunks.T @ chunks
        count += length
    mean = total / count
    variances, axes = np.linalg.eigh(square / count - np.outer(mean, mean))
    size = np.sqrt(variances[::-1][:RANK].clip(0).sum()) or 1.0
    return mean.astype(np.float32), (axes[:, ::-1][:, :RANK] / size).astype(np.float32)


def classify(sample: WindowSample, refits: int = 199, seed: int = 0) -> dict[str, Any]:
    """The bilinear classifier, fitted again on every random reversal of articles.

    Ridge regression of 1 on the features: reversing an article changes the sign of its features,
    so that their products stay and every refit is a few matrix products. The penalty is chosen
    anew in every refit, on a part of the articles fitted on.

    Returns:
        ``accuracy``, the share of held-out windows distinguished from mirror images, chance 0.5, an
        undecided window counting one half; ``p``, the share of refits that do as well, the fit
        itself among them; ``null_mean`` of the refits and ``null_range``, their 2.5 % and 97.5 %
        quantiles.
    """
    forms = features(sample.chunks)
    names, place = np.unique(sample.article, return_inverse=True)
    signs = np.random.default_rng(seed).integers(0, 2, (len(names), refits))
    signs = np.hstack([np.ones((len(names), 1)), 2.0 * signs - 1])
    parts = [np.flatnonzero(sample.fold == fold) for fold in range(sample.folds)]
    grams = np.stack([(forms[part].T @ forms[part]).astype(np.float64) for part in parts])
    sums = np.zeros((len(names), forms.shape[1]))
    np.add.at(sums, place, forms)
    article_fold = np.zeros(len(names), np.int64)
    article_fold[place] = sample.fold
    crosses = np.stack(
        [sums[article_fold == fold].T @ signs[article_fold == fold] for fold in range(len(parts))]
    )
    right = np.zeros(signs.shape[1])
    for fold, part in enumerate(parts):
        others = [other for other in range(len(parts)) if other != fold]
        weights, _ = fit_held_out(grams[others], crosses[others], PENALTIES)
        scores = (forms[part] @ weights.astype(np.float32)) * signs[place[part]]
        right += (1 + np.sign(scores)).sum(axis=0) / 2
    shares = right / len(forms)
    return {
        "accuracy": float(shares[0]),
        "p": float((shares >= shares[0] - 1e-12).mean()),
        "null_mean": float(shares[1:].mean()),
        "null_range": np.quantile(shares[1:], (0.025, 0.975)).tolist(),
    }


def features(chunks: np.ndarray) -> np.ndarray:
    """(W, L, r) → (W, F) float32: Σ_t a_i b_j - a_j b_i for all i < j, of adjacent a = x̃_t, b."""
    padded = np.concatenate([chunks, np.ones((*chunks.shape[:2], 1), chunks.dtype)], axis=2)
    outer = padded[:, :-1].transpose(0, 2, 1) @ padded[:, 1:]
    i, j = np.triu_indices(padded.shape[2], 1)
    return outer[:, i, j] - outer[:, j, i]


def network_accuracy(sample: WindowSample, seed: int = 0) -> float:
    """Share of held-out windows that a small network tells from their mirror images.

    Its score is g(window) - g(window reversed). It has no p: a thousand trainings would take too
    long, and a binomial interval around cross-validated shares does not hold its level.

    The global generator of torch is left as it was.
    """
    # Components of equal size: the difference may lie where there is little variance.
    spread = sample.chunks.reshape(-1, sample.chunks.shape[2]).std(axis=0)
    chunks = torch.from_numpy(sample.chunks / np.where(spread > 0, spread, 1).astype(np.float32))
    forward, backward = chunks.flatten(1), chunks.flip(1).flatten(1)
    right = 0.0
    for fold in range(sample.folds):
        held = torch.from_numpy(sample.fold == fold)
        train, test = torch.nonzero(~held).flatten(), torch.nonzero(held).flatten()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            net = nn.Sequential(
                nn.Linear(forward.shape[1], HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 1)
            )
            adam = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=DECAY)
            for _ in range(PASSES):
                for batch in train[torch.randperm(len(train))].split(BATCH):
                    score = net(forward[batch]) - net(backward[batch])
                    adam.zero_grad()
                    functional.softplus(-score).mean().backward()
                    adam.step()
        with torch.no_grad():
            score = net(forward[test]) - net(backward[test])
        right += float((1 + score.sign()).sum()) / 2
    return right / len(chunks)

"""Energy distance between the chunks of two splits, articles being what was sampled.

E = 2·mean‖x - z‖ - mean‖x - x'‖ - mean‖z - z'‖ over chunks x, x' of one split and z, z' of the
other (Székely and Rizzo 2013): 0 where both are of one distribution of any shape, else positive.
Chunks are never paired with chunks of their own article, so the estimate is unbiased (and may be
below 0), and every article counts alike. p is by permutation of articles between the splits.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lvmctl.data.splits.split import Split
from lvmctl.data.store.arrays import release, unit
from lvmctl.diagnostics.data.parity.largest_difference import own_labels, permuted

ARTICLES = 300
"""Articles of each split that are compared, drawn at random where there are more."""
CHUNKS = 4
"""Chunks of each article, likewise."""


def energy_distance(
    first: Split, second: Split, permutations: int, seed: int
) -> dict[str, Any] | None:
    """Compare a sample of chunks of two splits of one dimension.

    Returns:
        ``value`` E, at most 4; ``relative``, E/(2·mean‖x - z‖), at most 1, which means that the
        splits have nothing in common; ``p`` of splits of one kind being so far apart or farther;
        ``chance``, what 95 % of permutations stay below; ``articles`` compared of each split. None
        where either has fewer than two articles.
    """
    rng = np.random.default_rng(seed)
    samples = [_sample(split, rng) for split in (first, second)]
    chunks, counts = (np.concatenate(parts) for parts in zip(*samples))
    sizes = (len(samples[0][1]), len(samples[1][1]))
    if min(sizes) < 2:
        return None
    between = article_distances(chunks, counts)
    distance, across = (float(values[0]) for values in _energies(own_labels(sizes), between, sizes))
    permuted_distances = np.concatenate(
        [_energies(labels, between, sizes)[0] for labels in permuted(sizes, permutations, seed)]
    )
    reached = int((permuted_distances >= distance - 1e-12).sum())
    return {
        "value": distance,
        "relative": distance / across if across else 0.0,
        "p": (1 + reached) / (1 + permutations),
        "chance": float(np.quantile(permuted_distances, 0.95)),
        "articles": list(sizes),
    }


def article_distances(chunks: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Mean distance between the chunks of two articles, (A, A) float64; 0 on the diagonal. Of unit
    ``chunks`` (n, D), article after article, ``counts`` (A,) are of each."""
    distances = np.sqrt(np.maximum(2 - 2 * (chunks @ chunks.T), 0))
    starts = np.cumsum(counts) - counts
    between = np.add.reduceat(np.add.reduceat(distances, starts, axis=0), starts, axis=1)
    between = between.astype(np.float64) / np.outer(counts, counts)
    np.fill_diagonal(between, 0)
    return between


def _sample(split: Split, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Unit chunks (n, D) and how many are of each article, (A,)."""
    articles = np.flatnonzero(split.lengths)
    if len(articles) > ARTICLES:
        articles = np.sort(rng.choice(articles, ARTICLES, replace=False))
    chunks = []
    for article in articles:
        chosen = np.sort(rng.permutation(int(split.lengths[article]))[:CHUNKS])
        chunks.append(unit(split.vectors[split.starts[article] + chosen]))
        release(split.vectors)  # the system maps far more of a file than the rows that are read
    return np.concatenate(chunks), np.array([len(rows) for rows in chunks])


def _energies(
    labels: np.ndarray, between: np.ndarray, sizes: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """E and 2·mean‖x - z‖ of articles labelled 1 and 0 (B, A); (B,) each."""
    inner = labels @ between
    within = (inner * labels).sum(axis=1)
    across = inner.sum(axis=1) - within
    others = between.sum() - 2 * across - within
    first, second = sizes
    cross = 2 * across / (first * second)
    return cross - within / (first * (first - 1)) - others / (second * (second - 1)), cross

"""The chunks of a split that are nearest to vectors: exact, tile by tile, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from lvmctl.data.splits.split import Split
from lvmctl.data.store.arrays import BLOCK_BYTES, release, unit
from lvmctl.evaluation.retrieval.blocks import (
    BLOCK,
    exact_cosines,
    float32_products,
    slices,
    workers,
)
from lvmctl.evaluation.retrieval.counting import Counter

HELD = 256
"""Vectors that are compared in one pass over the chunks."""

SPARE = 32
"""Chunks kept beyond those asked for, until float64 has put them in order."""

Transform = Callable[[np.ndarray], np.ndarray]
"""Unit chunks (n, D) → unit vectors (n, D)."""


def nearest_chunks(
    split: Split,
    q: np.ndarray,
    top: int,
    transform: Transform | None = None,
    without: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """The ``top`` chunks of each vector by cosine, the nearest first.

    Float32 chooses, float64 puts in order: chunks that are equally near stand in the split's order,
    but where more than :data:`SPARE` are so near each other that float32 cannot tell them apart.

    Args:
        split: whose chunks are compared.
        q: (B, D) float32 of unit norm.
        top: chunks of each; where there are fewer, all.
        transform: what chunks go through first.
        without: (B, S) numbers of chunks that are none of each vector's candidates.

    Returns:
        Numbers (B, top) int64 of chunks of the split, article after article, and cosines (B, top)
        float32.
    """
    rows = split.rows()
    without = np.empty((len(q), 0), np.int64) if without is None else without
    top = min(top, len(rows) - without.shape[1])
    chunks, cosines = np.empty((len(q), top), np.int64), np.empty((len(q), top), np.float32)

    def vectors(index: np.ndarray) -> np.ndarray:
        chosen = unit(split.vectors[rows[index]])
        release(split.vectors)
        return chosen if transform is None else transform(chosen)

    for held in slices(len(q), HELD):
        kept = candidates(q[held], len(rows), top + SPARE, vectors, without[held])
        every = np.repeat(np.arange(held.start, held.stop), kept.shape[1])
        flat = kept.ravel()
        exact = exact_cosines(
            lambda part, every=every: q[every[part]],
            lambda part, flat=flat: vectors(flat[part]),
            len(flat),
            split.dim,
        ).reshape(kept.shape)
        exact[(kept[:, :, None] == without[held, None]).any(axis=2)] = -np.inf
        order = np.lexsort((kept, -exact), axis=1)[:, :top]
        chunks[held] = np.take_along_axis(kept, order, axis=1)
        cosines[held] = np.take_along_axis(exact, order, axis=1)
    return chunks, cosines


def candidates(
    q: np.ndarray,
    count: int,
    top: int,
    vectors: Callable[[np.ndarray], np.ndarray],
    without: np.ndarray,
) -> np.ndarray:
    """The ``top`` of ``count`` chunks for each vector (B, D) by a product in float32, (B, top)
    int64, in no order."""
    left = torch.from_numpy(np.ascontiguousarray(q))
    best, chosen = torch.empty(len(q), 0), torch.empty(len(q), 0, dtype=torch.int64)
    with float32_products():
        for part in slices(count, tile(q.shape[1])):
            numbers = np.arange(part.start, part.stop)
            scores = left @ torch.from_numpy(vectors(numbers)).T
            row, which = np.nonzero((without >= part.start) & (without < part.stop))
            scores[row, without[row, which] - part.start] = -torch.inf
            index = torch.from_numpy(numbers).expand(len(q), -1)
            best, chosen = torch.cat([best, scores], 1), torch.cat([chosen, index], 1)
            best, order = best.topk(min(top, best.shape[1]), dim=1, sorted=False)
            chosen = chosen.gather(1, order)
    return chosen.numpy()


def tile(dim: int) -> int:
    """Chunks that are compared at a time."""
    return max(1, BLOCK_BYTES // (8 * max(dim, HELD)))


def ranks_among(
    split: Split, q: np.ndarray, numbers: np.ndarray, without: np.ndarray
) -> np.ndarray:
    """Rank (B,) float64, 1 + #better + ½·#ties, of one chunk (B,) for each vector ``q`` (B, D)
    among all chunks of a split but those ``without`` (B, S), each once; exact as global ranks are.
    """
    rows = split.rows()
    with float32_products(), workers() as pool:
        counter = Counter(split.vectors, rows[numbers], q, pool)
        for part in slices(len(rows), BLOCK):
            counter.add(rows[part])
            release(split.vectors)
        for column in without.T:
            counter.subtract(rows[column])
    # #better + ½·#ties is half of #better − #worse + #others.
    return 1 + (counter.balance + len(rows) - without.shape[1] - 1) / 2

"""Ranks of the target among all chunks of the split but the window (docs/methods.md#pools).

No index and no list of neighbours: chunks that score above the target are counted, tile by tile, so
memory stays bounded and a rank can be any.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from lvmctl import processes
from lvmctl.core.batch import Pool
from lvmctl.data.splits.split import Split
from lvmctl.data.store.arrays import release
from lvmctl.data.windows import Windows
from lvmctl.evaluation.retrieval.blocks import BLOCK, float32_products, slices, workers
from lvmctl.evaluation.retrieval.counting import Counter, norms, scaled
from lvmctl.evaluation.retrieval.ties import ranks_by_score

HELD = 16 * BLOCK
"""Windows that are worked on in one pass over the chunks."""

TOGETHER = 4 * BLOCK
"""Chunks that are read together."""

SCORES = 20_000_000
"""Scores that a ranker gives at a time."""


def global_ranks(
    windows: Windows,
    index: np.ndarray,
    q: np.ndarray,
    *,
    shared: bool = False,
    device: str = "cpu",
) -> tuple[np.ndarray, np.ndarray]:
    """Rank of each window's target among all chunks of the split except the window's own K; where
    the split is part of another, among all chunks of that.

    Args:
        index: (W,) which of them, in ascending order.
        q: (W, D) unit predictions, float32. One that is not a number ranks its target last.
        shared: whether all processes of the job are here, with the same arguments: each counts
            a part of the chunks.
        device: where products are made; what they leave open is looked at on the CPU.

    Returns:
        Ranks (W,) float64, 1 + #better + ½·#ties, and pool sizes (W,) int64.
    """
    split = windows.split.whole or windows.split
    size = split.chunks - windows.context_length
    rows, ranks = np.sort(split.rows()), np.empty(len(index))
    rows = rows[processes.part(len(rows))] if shared else rows
    for held in slices(len(index), HELD):
        first = windows.rows[index[held]]
        with float32_products(), workers() as pool:
            counter = Counter(split.vectors, first + windows.target_offset, q[held], pool, device)
            for part in slices(len(rows), TOGETHER):
                counter.add(rows[part])
                release(split.vectors)
            if shared:  # counts are whole numbers, whose sum is exact
                counter.balance = np.sum(processes.gather(counter.balance), axis=0)
            for offset in range(windows.context_length):
                counter.subtract(first + offset)
        # #better + ½·#ties is half of #better − #worse + #others, and the others are size − 1.
        ranks[held] = 1 + (counter.balance + size - 1) / 2
    return np.where(np.isnan(ranks), size, ranks), np.full(len(index), size)


def global_ranks_by_score(
    windows: Windows,
    index: np.ndarray,
    score: Callable[[Tensor, Pool], Tensor],
) -> tuple[np.ndarray, np.ndarray]:
    """:func:`global_ranks` of a ranker, whose ``score`` takes contexts (B, K, D) and a
    :class:`~lvmctl.core.batch.Pool` of N chunks and gives (B, N). All chunks of the split are held
    in memory.

    Raises:
        ValueError: ``score`` returned another shape.
    """
    split = windows.split.whole or windows.split
    count, size = split.chunks, split.chunks - windows.context_length
    vectors, rows = pool_vectors(split), split.rows()
    order = np.argsort(rows, kind="stable")
    first = order[np.searchsorted(rows, windows.rows[index], sorter=order)]
    first = torch.from_numpy(first)[:, None]
    inside = first + torch.arange(windows.context_length)
    ranks, chunks = np.empty(len(index)), windows.at(rows)
    for part in slices(len(index), max(1, SCORES // count)):
        context = torch.from_numpy(windows.context(index[part]))
        candidates = torch.ones(len(context), count, dtype=torch.bool)
        candidates.scatter_(1, inside[part], False)
        with torch.inference_mode():
            window = windows.at(windows.inside(index[part]))
            scores = score(context, Pool(vectors, candidates, None, window, chunks)).cpu()
        if scores.shape != candidates.shape:
            returned, wanted = tuple(scores.shape), tuple(candidates.shape)
            raise ValueError(f"score returned {returned}, not {wanted}")
        target = first[part, 0] + windows.target_offset
        ranks[part] = ranks_by_score(scores, candidates, target).numpy()
    return ranks, np.full(len(index), size)


def pool_vectors(split: Split) -> Tensor:
    """All chunks of the split, (N, D) float32 of unit norm, article after article."""
    rows = split.rows()
    chunks = torch.empty(len(rows), split.dim)
    for part in slices(len(rows), BLOCK):
        stored = split.vectors[rows[part]]
        chunks[part] = torch.from_numpy(scaled(stored, norms(stored)))
        release(split.vectors)
    return chunks

"""Ranks of the target inside its article, exact in float64 where it matters
(docs/methods.md#protocol)."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from lvmctl.core.batch import Pool
from lvmctl.data.store.arrays import unit64
from lvmctl.data.windows import Windows
from lvmctl.evaluation.retrieval.ties import ranks_by_score, sign

Score = Callable[[Tensor, Pool], Tensor]
"""A ranker's own score: contexts (B, K, D) and what they choose from → (B, N)."""

POOLS = ("filtered", "future", "unfiltered")
"""In-article pools: the article without the window (primary), positions from s+K on, and the
article with the window (the original work's)."""

NEAR = 2e-6
"""Cosines this close to the target's are recomputed in float64, which decides whether they tie."""


def in_article_ranks(
    windows: Windows, index: np.ndarray, q: np.ndarray, pools: tuple[str, ...] = POOLS
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Rank of each window's target among the chunks of its article.

    Args:
        windows: the windows of one split.
        index: (W,) which of them, in ascending order.
        q: (W, D) unit predictions, float32.
        pools: names of :data:`POOLS`.

    Returns:
        By pool: ranks (W,) float64, 1 + #better + ½·#ties, and pool sizes (W,) int64.
    """
    ranks, sizes = blank(pools, len(index))
    for part, start, length in by_article(windows, index):
        first = windows.position[index[part]]
        better = better_than_target(windows, start, length, first + windows.target_offset, q[part])
        for pool in pools:
            inside = pool_mask(pool, first, length, windows.context_length)
            ranks[pool][part] += (better * inside).sum(axis=1)
            sizes[pool][part] = inside.sum(axis=1)
    return {pool: (ranks[pool], sizes[pool]) for pool in pools}


def in_article_ranks_by_score(
    windows: Windows,
    index: np.ndarray,
    score: Score,
    pools: tuple[str, ...] = POOLS,
    shown: np.ndarray | None = None,
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """:func:`in_article_ranks` of a predictor that scores candidates itself.

    Args:
        shown: (W, K') rows of the chunks that it is shown in the place of the windows' own; the
            pools stay those of the windows.
    """
    ranks, sizes = blank(pools, len(index))
    shown = windows.inside(index) if shown is None else shown
    for part, start, length in by_article(windows, index):
        batch = index[part]
        first = windows.position[batch]
        context = torch.from_numpy(windows.chunks(shown[part]))
        read = windows.at(shown[part]), windows.at(np.arange(start, start + length))
        chunks = torch.from_numpy(windows.split.unit_rows(start, start + length))
        target = torch.from_numpy(first + windows.target_offset)
        for pool in pools:
            inside = pool_mask(pool, first, length, windows.context_length)
            candidates = torch.from_numpy(np.array(inside))
            with torch.inference_mode():
                scores = score(context, Pool(chunks, candidates, None, *read)).cpu()
            ranks[pool][part] = ranks_by_score(scores, candidates, target).numpy()
            sizes[pool][part] = inside.sum(axis=1)
    return {pool: (ranks[pool], sizes[pool]) for pool in pools}


def blank(
    pools: tuple[str, ...], count: int
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Ranks of 1 and sizes of 0, (count,) each, by pool."""
    ranks = {pool: np.ones(count) for pool in pools}
    return ranks, {pool: np.zeros(count, dtype=np.int64) for pool in pools}


def by_article(windows: Windows, index: np.ndarray) -> Iterator[tuple[slice, int, int]]:
    """Of each article in ``index``: its slice of ``index``, its first row and its length."""
    article = windows.article[index]
    edges = np.flatnonzero(np.diff(article, prepend=-1, append=-1))
    for low, high in itertools.pairwise(edges):
        start, length = (
            int(x[article[low]]) for x in (windows.split.starts, windows.split.lengths)
        )
        yield slice(low, high), start, length


def pool_mask(pool: str, first: np.ndarray, length: int, context_length: int) -> np.ndarray:
    """(W, length), true where a chunk of the article is a candidate of window ``first[w]``."""
    position, first = np.arange(length)[None, :], first[:, None]
    if pool == "unfiltered":
        return np.broadcast_to(True, (len(first), length))
    if pool == "future":
        return position >= first + context_length
    return (position < first) | (position >= first + context_length)


def better_than_target(
    windows: Windows, start: int, length: int, target: np.ndarray, q: np.ndarray
) -> np.ndarray:
    """(W, length) float32: 1 where a chunk scores above the target, ½ on a tie, else 0.

    A prediction that is not a number finds nothing: every other chunk counts as above.
    """
    chunks = windows.split.unit_rows(start, start + length)
    scores = (torch.from_numpy(q) @ torch.from_numpy(chunks).T).numpy()
    rows = np.arange(len(q))
    # The target's score comes from the same product: another kernel rounds differently.
    gap = scores - scores[rows, target][:, None]
    better = (~(gap < 0)).astype(np.float32)
    near = np.abs(gap) <= NEAR
    near[rows, target] = False
    better[rows, target] = 0
    window, chunk = near.nonzero()
    if len(window):
        stored = windows.split.vectors
        exact = unit64(stored[start + chunk]) - unit64(stored[start + target[window]])
        gap = (exact * q[window].astype(np.float64)).sum(axis=1)
        better[window, chunk] = (sign(gap) + 1) / 2
    return better

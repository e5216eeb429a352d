"""Ranks of the target inside its article, exact in float64 where it matters (METHODS §3)."""

from __future__ import annotations

import itertools

import numpy as np

from lvmctl.data.arrays import unit64
from lvmctl.data.windows import Windows

POOLS = ("filtered", "future", "unfiltered")
"""In-article pools: the article without the window (primary), positions from s+K on, and the
article with the window (the original work's)."""

NEAR = 2e-6
"""Scores this close to the target's are recomputed in float64."""


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
    ranks = {pool: np.ones(len(index)) for pool in pools}
    sizes = {pool: np.zeros(len(index), dtype=np.int64) for pool in pools}
    article = windows.article[index]
    edges = np.flatnonzero(np.diff(article, prepend=-1, append=-1))
    for low, high in itertools.pairwise(edges):
        start, length = (
            int(x[article[low]]) for x in (windows.split.starts, windows.split.lengths)
        )
        first = windows.position[index[low:high]]
        better = better_than_target(
            windows, start, length, first + windows.target_offset, q[low:high]
        )
        for pool in pools:
            inside = pool_mask(pool, first, length, windows.context_length)
            ranks[pool][low:high] += (better * inside).sum(axis=1)
            sizes[pool][low:high] = inside.sum(axis=1)
    return {pool: (ranks[pool], sizes[pool]) for pool in pools}


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
    scores = q @ chunks.T
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
        sign = np.sign((exact * q[window].astype(np.float64)).sum(axis=1))
        better[window, chunk] = (sign + 1) / 2
    return better

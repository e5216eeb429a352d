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
from lvmctl.evaluation.retrieval.blocks import slices
from lvmctl.evaluation.retrieval.ties import ranks_by_score, sign

Score = Callable[[Tensor, Pool], Tensor]
"""A ranker's own score: contexts (B, K, D) and what they choose from → (B, N)."""

POOLS = ("filtered", "future", "unfiltered")
"""In-article pools: the article without the window (primary), positions from s+K on, and the
article with the window (the original work's)."""

NEAR = 2e-6
"""Cosines this close to the target's are recomputed in float64, which decides whether they tie."""

WINDOWS, CHUNKS, PAIRS = 1024, 4096, 512
"""How many are compared at a time, the last ones in float64: articles may be of any length."""

SCORES = 20_000_000
"""Scores that a ranker gives at a time."""


def in_article_ranks(
    windows: Windows,
    index: np.ndarray,
    q: np.ndarray,
    pools: tuple[str, ...] = POOLS,
    progress: Callable[[int], object] = lambda n: None,
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Rank of each window's target among the chunks of its article.

    Args:
        index: (W,) which of them, in ascending order.
        q: (W, D) unit predictions, float32.
        pools: names of :data:`POOLS`.
        progress: called with how many more windows are done.

    Returns:
        By pool: ranks (W,) float64, 1 + #better + ½·#ties, and pool sizes (W,) int64.
    """
    ranks, sizes = blank(pools, len(index))
    for part, start, length in by_article(windows, index, lambda length: WINDOWS):
        first = windows.position[index[part]]
        better_than_target = Better(windows, windows.rows[index[part]], q[part])
        for chunks in slices(length, CHUNKS):
            better = better_than_target(start + chunks.start, start + chunks.stop)
            for pool in pools:
                inside = pool_mask(pool, first, chunks, windows.context_length)
                ranks[pool][part] += (better * inside).sum(axis=1)
                sizes[pool][part] += inside.sum(axis=1)
        progress(part.stop - part.start)
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
    for part, start, length in by_article(windows, index, lambda length: SCORES // length + 1):
        batch = index[part]
        first = windows.position[batch]
        context = torch.from_numpy(windows.chunks(shown[part]))
        read = windows.at(shown[part]), windows.at(np.arange(start, start + length))
        chunks = torch.from_numpy(windows.split.unit_rows(start, start + length))
        target = torch.from_numpy(first + windows.target_offset)
        for pool in pools:
            inside = pool_mask(pool, first, slice(0, length), windows.context_length)
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


def by_article(
    windows: Windows, index: np.ndarray, most: Callable[[int], int] | None = None
) -> Iterator[tuple[slice, int, int]]:
    """Of each article in ``index``: its slice of ``index``, its first row and its length; the slice
    of ``most(length)`` windows at a time, where that is given."""
    article = windows.article[index]
    edges = np.flatnonzero(np.diff(article, prepend=-1, append=-1))
    for low, high in itertools.pairwise(edges.tolist()):
        start, length = (
            int(x[article[low]]) for x in (windows.split.starts, windows.split.lengths)
        )
        for part in slices(high - low, most(length) if most else high - low):
            yield slice(low + part.start, low + part.stop), start, length


def pool_mask(pool: str, first: np.ndarray, chunks: slice, context_length: int) -> np.ndarray:
    """(W, n), true where one of the ``chunks`` of the article is a candidate of window
    ``first[w]``."""
    position, first = np.arange(chunks.start, chunks.stop)[None, :], first[:, None]
    if pool == "unfiltered":
        return np.broadcast_to(True, (len(first), position.shape[1]))
    if pool == "future":
        return position >= first + context_length
    return (position < first) | (position >= first + context_length)


class Better:
    """Which chunks score above the targets of some windows.

    Args:
        rows: (W,) first rows of the windows.
        q: (W, D) float32 predictions.
    """

    def __init__(self, windows: Windows, rows: np.ndarray, q: np.ndarray) -> None:
        self.split, self.q, self.target = windows.split, q, rows + windows.target_offset
        self.score = np.empty((len(q), 1), np.float32)
        for part in slices(len(q), PAIRS):
            self.score[part, 0] = self.exact(part, self.target[part])

    def __call__(self, low: int, high: int) -> np.ndarray:
        """(W, high - low) float32: 1 where a chunk of these rows scores above the target, ½ on a
        tie, else 0.

        A prediction that is not a number finds nothing: every other chunk counts as above.
        """
        chunks = torch.from_numpy(self.split.unit_rows(low, high))
        gap = (torch.from_numpy(self.q) @ chunks.T).numpy() - self.score
        better = (~(gap < 0)).astype(np.float32)
        near = np.abs(gap) <= NEAR
        own = np.flatnonzero((self.target >= low) & (self.target < high))
        for each in (near, better):
            each[own, self.target[own] - low] = 0
        window, chunk = near.nonzero()
        for part in slices(len(window), PAIRS):
            which = window[part]
            exact_gap = self.exact(which, low + chunk[part]) - self.exact(which, self.target[which])
            better[which, chunk[part]] = (sign(exact_gap) + 1) / 2
        return better

    def exact(self, window: np.ndarray | slice, rows: np.ndarray) -> np.ndarray:
        """Scores (P,) float64 of chunks with these ``rows`` for predictions of these windows."""
        with np.errstate(invalid="ignore"):  # of predictions that are infinite
            return np.einsum("pd,pd->p", unit64(self.split.vectors[rows]), self.q[window])

"""Ranks of the target among all chunks of the split but the window (METHODS §3, global filtered).

No index and no list of neighbours: chunks that score above the target are counted, block by block.
Fast products decide what they can; a score whose distance to the target's is within their rounding
is computed again in float64, so that the ranks are those of float64.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from lvmctl.batch import Pool
from lvmctl.data.arrays import release
from lvmctl.data.split import Split
from lvmctl.data.windows import Windows
from lvmctl.evaluation.products import BLOCK, fastest_first, float32_products
from lvmctl.evaluation.ranks import NEAR

QUERIES = ROWS = BLOCK
"""Windows and chunks of a block."""

HELD = 16 * QUERIES
"""Windows that are worked on in one pass over the chunks."""

STRIP = 128
"""Chunks that are looked through together."""

PAIRS = 512
"""Chunks computed again in float64 at a time."""

FEW = 1 / 400
"""Share of a block's scores that computing them again in float64 costs as much as the block."""

SCORES = 20_000_000
"""Scores that a ranker gives at a time."""

Progress = Callable[[int], object]
"""Told how many more windows' worth of work is done; in the end, all of them."""


def global_ranks(
    windows: Windows, index: np.ndarray, q: np.ndarray, progress: Progress = lambda n: None
) -> tuple[np.ndarray, np.ndarray]:
    """Rank of each window's target among all chunks of the split except the window's own K.

    Args:
        windows: the windows of one split.
        index: (W,) which of them, in ascending order.
        q: (W, D) unit predictions, float32. One that is not a number ranks its target last.
        progress: see :data:`Progress`.

    Returns:
        Ranks (W,) float64, 1 + #better + ½·#ties, and pool sizes (W,) int64.
    """
    split, size = windows.split, windows.split.chunks - windows.context_length
    rows, ranks = np.sort(split_rows(split)), np.empty(len(index))
    for held in parts(len(index), HELD):
        first, done = windows.rows[index[held]], 0
        with float32_products():
            counter = Counter(split.vectors, first + windows.target_offset, q[held])
            for part in parts(len(rows), ROWS):
                counter.add(rows[part])
                release(split.vectors)
                before, done = done, len(first) * part.stop // len(rows)
                progress(done - before)
        for offset in range(windows.context_length):
            counter.subtract(first + offset)
        # #better + ½·#ties is half of #better − #worse + #others, and the others are size − 1.
        ranks[held] = 1 + (counter.lead + size - 1) / 2
    return np.where(np.isnan(ranks), size, ranks), np.full(len(index), size)


class Counter:
    """Counts, for each prediction, the chunks that score above its target minus those below.

    Args:
        vectors: (N, D) chunks as stored, of any norm.
        target: (W,) row of each target.
        q: (W, D) float32 predictions.

    Attributes:
        lead: (W,) float64 #better − #worse so far; NaN where the prediction is not a number.
    """

    def __init__(self, vectors: np.ndarray, target: np.ndarray, q: np.ndarray) -> None:
        self.vectors, self.target = vectors, target
        self.q = np.ascontiguousarray(q, np.float32)
        self.own = np.empty(len(q))
        for part in parts(len(q), PAIRS):
            chunks = vectors[target[part]]
            self.own[part] = dots(chunks, self.q[part]) / norms(chunks)
        dim = q.shape[1]
        norm = np.sqrt(dots(self.q, self.q))
        self.size = norm + np.abs(self.own)
        # Infinite predictions too: their scores are of either sign or none.
        self.lead = np.where(np.isfinite(norm), 0.0, np.nan)
        given = torch.from_numpy(self.q), torch.from_numpy(self.own.astype(np.float32))
        self.ways = [way(*given) for way in fastest_first(dim)]
        self.way = [0] * -(-len(q) // QUERIES)
        self.scratch = torch.empty(2, QUERIES, ROWS)

    def add(self, rows: np.ndarray) -> None:
        """Count the chunks ``rows`` (n,)."""
        stored = self.vectors[rows]
        norm = norms(stored)
        chunks = torch.from_numpy(scaled(stored, norm))
        prepared = [way.prepare(chunks) for way in self.ways]
        for block, part in enumerate(parts(len(self.q), QUERIES)):
            gap, row, chunk = self.gaps(block, part, prepared)
            if len(row):
                window, which = part.start + row.numpy(), chunk.numpy()
                signs = self.signs(window, rows[which], norm[which])
                gap[row, chunk] = torch.from_numpy(signs)
            self.lead[part] += gap.sign_().sum(dim=1).numpy()

    def gaps(self, block: int, part: slice, prepared: list[Tensor]) -> tuple[Tensor, ...]:
        """Gaps (m, n) of the windows ``part``, and the rows and columns (P,) of those that may be
        of the wrong sign. A way that leaves many of them is not used again for these windows."""
        while True:
            way, chunks = self.ways[self.way[block]], prepared[self.way[block]]
            gap, spare = self.scratch[:, : part.stop - part.start, : len(chunks)]
            way.fill(part, chunks, gap, spare)
            reach = max(NEAR, way.rounding(self.q.shape[1])) * self.size[part]
            reach[reach == 0] = -1  # all scores are 0 in any arithmetic: nothing to look up
            row, chunk = within(torch.abs(gap, out=spare), torch.from_numpy(reach).float())
            if way is self.ways[-1] or len(row) <= FEW * gap.numel():
                return gap, row, chunk
            self.way[block] += 1

    def subtract(self, rows: np.ndarray) -> None:
        """Take back chunk ``rows[w]`` of each window w (W,), which has been counted."""
        for part in parts(len(rows), PAIRS):
            window = np.arange(part.start, part.stop)
            self.lead[part] -= self.signs(window, rows[part], norms(self.vectors[rows[part]]))

    def signs(self, window: np.ndarray, rows: np.ndarray, norm: np.ndarray) -> np.ndarray:
        """(P,) float32: 1, 0 or -1 as chunk ``rows[p]``, of norm ``norm[p]``, scores above, like or
        below the target of ``window[p]``: in float64 and, where that cannot tell, in long floats.
        """
        found = np.empty(len(window), np.float32)
        for part in parts(len(window), PAIRS):
            which, row = window[part], rows[part]
            q, target = self.q[which], self.target[which]
            chunks = self.vectors[row]
            with np.errstate(invalid="ignore"):  # of predictions that are infinite
                gap = dots(chunks, q) / norm[part] - self.own[which]
            rounding = (q.shape[1] + 8) * 2.0**-53 * self.size[which]
            (close,) = np.nonzero(np.abs(gap) <= rounding)
            gap[close] = differences(chunks[close], self.vectors[target[close]], q[close])
            found[part] = np.sign(gap)
        return found


def within(distance: Tensor, reach: Tensor) -> tuple[Tensor, Tensor]:
    """Rows and columns (P,) where ``distance`` (m, n) is at most its row's ``reach`` (m,).

    There are few, so strips of columns that have none are put aside first.
    """
    width = math.gcd(distance.shape[1], STRIP)
    strips = distance.unflatten(1, (-1, width))
    row, strip = (strips.amin(dim=2) <= reach[:, None]).nonzero(as_tuple=True)
    which, column = (strips[row, strip] <= reach[row, None]).nonzero(as_tuple=True)
    return row[which], strip[which] * width + column


def dots(a: np.ndarray, b: np.ndarray, kind: type = np.float64) -> np.ndarray:
    """Dot products (P,) in ``kind`` of the rows of ``a`` and ``b`` (P, D)."""
    return np.einsum("pd,pd->p", a, b, dtype=kind)


def norms(chunks: np.ndarray, kind: type = np.float64) -> np.ndarray:
    """Norms (n,) in ``kind`` of chunks (n, D)."""
    return np.sqrt(dots(chunks, chunks, kind))


def scaled(chunks: np.ndarray, norm: np.ndarray) -> np.ndarray:
    """Chunks (n, D) as float32, divided by their norms (n,) from float64."""
    return chunks * (1 / norm).astype(np.float32)[:, None]


def differences(chunks: np.ndarray, targets: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Scores of chunks minus those of targets, (P,), in long floats; 0 where they are equal."""
    found = np.zeros(len(q), np.longdouble)
    (apart,) = np.nonzero((chunks != targets).any(axis=1))
    better, than = (
        dots(x, q[apart], np.longdouble) / norms(x, np.longdouble)
        for x in (chunks[apart], targets[apart])
    )
    found[apart] = better - than
    return found


def split_rows(split: Split) -> np.ndarray:
    """Row (N,) int64 of each chunk of the split, article after article."""
    before = np.cumsum(split.lengths) - split.lengths
    return np.repeat(split.starts - before, split.lengths) + np.arange(split.chunks)


def parts(count: int, step: int) -> Iterator[slice]:
    """Slices of at most ``step`` that cover ``range(count)``."""
    for low in range(0, count, step):
        yield slice(low, min(count, low + step))


def global_ranks_by_score(
    windows: Windows,
    index: np.ndarray,
    score: Callable[[Tensor, Pool], Tensor],
    progress: Progress = lambda n: None,
) -> tuple[np.ndarray, np.ndarray]:
    """:func:`global_ranks` of a ranker, which gives the scores itself; equal scores tie.

    A target whose score is not a number ranks last; a candidate whose score is none is below any
    number. All chunks of the split are held in memory.

    Args:
        windows: the windows of one split.
        index: (W,) which of them, in ascending order.
        score: (context (B, K, D), :class:`~lvmctl.batch.Pool` of N chunks) → (B, N).
        progress: see :data:`Progress`.

    Returns:
        Ranks (W,) float64 and pool sizes (W,) int64.

    Raises:
        ValueError: ``score`` returned another shape.
    """
    split = windows.split
    count, size = split.chunks, split.chunks - windows.context_length
    vectors = pool_vectors(split)
    before = np.cumsum(split.lengths) - split.lengths
    first = torch.from_numpy(before[windows.article[index]] + windows.position[index])[:, None]
    inside = first + torch.arange(windows.context_length)
    ranks = np.empty(len(index))
    for part in parts(len(index), max(1, SCORES // count)):
        context = torch.from_numpy(windows.context(index[part]))
        candidates = torch.ones(len(context), count, dtype=torch.bool)
        candidates.scatter_(1, inside[part], False)
        with torch.inference_mode():
            scores = score(context, Pool(vectors, candidates)).cpu()
        if scores.shape != candidates.shape:
            given, wanted = tuple(scores.shape), tuple(candidates.shape)
            raise ValueError(f"score returned {given}, not {wanted}")
        own = scores.gather(1, first[part] + windows.target_offset)
        better = ((scores > own) & candidates).sum(dim=1)
        ties = ((scores == own) & candidates).sum(dim=1) - 1  # the target is equal to itself
        found = 1 + better + ties / 2
        ranks[part] = torch.where(own[:, 0].isnan(), size, found).numpy()
        progress(len(context))
    return ranks, np.full(len(index), size)


def pool_vectors(split: Split) -> Tensor:
    """All chunks of the split, (N, D) float32 of unit norm, article after article."""
    rows = split_rows(split)
    chunks = torch.empty(len(rows), split.dim)
    for part in parts(len(rows), ROWS):
        stored = split.vectors[rows[part]]
        chunks[part] = torch.from_numpy(scaled(stored, norms(stored)))
        release(split.vectors)
    return chunks

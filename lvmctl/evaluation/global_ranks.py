"""Ranks of the target among all chunks of the split but the window (METHODS §3, global filtered).

No index and no list of neighbours: chunks that score above the target are counted, block by block.
Float32 products decide what they can; a score whose distance to the target's is within their
rounding is computed again in float64, so that the ranks are those of float64.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor

from lvmctl.batch import Pool
from lvmctl.data.arrays import release
from lvmctl.data.split import Split
from lvmctl.data.windows import Windows
from lvmctl.evaluation.ranks import NEAR

QUERIES, ROWS = 1024, 1024
"""Windows and chunks of a block: its scores (4 MiB) are still in cache when they are counted."""

PIECE = 384
"""Coordinates that one product sums; longer vectors are summed piece by piece, which keeps
:func:`rounding` small."""

PAIRS = 512
"""Chunks computed again in float64 at a time."""

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
    first = windows.rows[index]
    counter = Counter(split.vectors, first + windows.target_offset, q)
    rows, done = np.sort(split_rows(split)), 0
    with float32_products():
        for part in parts(len(rows), ROWS):
            counter.add(rows[part])
            release(split.vectors)
            before, done = done, len(index) * part.stop // len(rows)
            progress(done - before)
    for offset in range(windows.context_length):
        counter.subtract(first + offset)
    # #better + ½·#ties is half of #better − #worse + #others, and the others are size − 1 chunks.
    ranks = 1 + (counter.lead + size - 1) / 2
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
            self.own[part] = scores(vectors[target[part]], self.q[part])
        norm = np.sqrt(np.einsum("wd,wd->w", self.q, self.q, dtype=np.float64))
        self.reach = max(NEAR, rounding(q.shape[1])) * norm
        self.reach[norm == 0] = -1  # all its scores are 0 in any arithmetic: nothing to look up
        self.reach64 = 2 * (q.shape[1] + 8) * 2.0**-53 * norm
        self.lead = np.where(np.isfinite(norm), 0.0, np.nan)
        self.scratch = torch.empty(2, QUERIES, ROWS)

    def add(self, rows: np.ndarray) -> None:
        """Count the chunks ``rows`` (n,)."""
        chunks = torch.from_numpy(unit_chunks(self.vectors, rows))
        for part in parts(len(self.q), QUERIES):
            q, own, reach = (
                torch.from_numpy(x[part]).float() for x in (self.q, self.own, self.reach)
            )
            gap, spare = self.scratch[:, : len(q), : len(chunks)]
            products(q, chunks, gap, spare).sub_(own[:, None])
            distance = torch.abs(gap, out=spare)
            (near,) = (distance.amin(dim=1) <= reach).nonzero(as_tuple=True)
            if len(near):
                row, chunk = (distance[near] <= reach[near, None]).nonzero(as_tuple=True)
                window = near[row]
                signs = self.signs(part.start + window.numpy(), rows[chunk.numpy()])
                gap[window, chunk] = torch.from_numpy(signs)
            self.lead[part] += gap.sign_().sum(dim=1).numpy()

    def subtract(self, rows: np.ndarray) -> None:
        """Take back chunk ``rows[w]`` of each window w (W,), which has been counted."""
        self.lead -= self.signs(np.arange(len(rows)), rows)

    def signs(self, window: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """(P,) float32: 1, 0 or -1 as chunk ``rows[p]`` scores above, like or below the target of
        ``window[p]``, in float64 and, where that cannot tell, in whatever longer float there is."""
        found = np.empty(len(window), np.float32)
        for part in parts(len(window), PAIRS):
            which, chunk = window[part], rows[part]
            q, target = self.q[which], self.target[which]
            with np.errstate(invalid="ignore"):  # of predictions that are infinite
                gap = scores(self.vectors[chunk], q) - self.own[which]
            (close,) = np.nonzero(np.abs(gap) <= self.reach64[which])
            gap[close] = differences(
                self.vectors[chunk[close]], self.vectors[target[close]], q[close]
            )
            found[part] = np.sign(gap)
        return found


def rounding(dim: int) -> float:
    """Bound on the error of :func:`products` of unit vectors of ``dim`` coordinates.

    A float32 sum of n products is off by at most n·2⁻²⁴·Σ|q_i x_i|, in whatever order it is taken
    (Higham, Accuracy and Stability of Numerical Algorithms, §3.1), and Σ|q_i x_i| ≤ ‖q‖‖x‖ = 1.
    So it is 384 + D/384 roundings instead of D, and a few for the chunk's and the target's own.
    They seldom add up, but on vectors of few different values they do, to more than NEAR.
    """
    return (min(PIECE, dim) + -(-dim // PIECE) + 8) * 2.0**-24


def products(q: Tensor, chunks: Tensor, total: Tensor, spare: Tensor) -> Tensor:
    """Scores of ``q`` (m, D) and ``chunks`` (n, D), with an error below :func:`rounding`.

    They are written to ``total`` (m, n), with the help of ``spare`` (m, n): taking fresh memory for
    every block costs a tenth of the time.
    """
    torch.mm(q[:, :PIECE], chunks[:, :PIECE].T, out=total)
    for low in range(PIECE, q.shape[1], PIECE):
        total += torch.mm(q[:, low : low + PIECE], chunks[:, low : low + PIECE].T, out=spare)
    return total


@contextmanager
def float32_products() -> Iterator[None]:
    """Matrix products in float32, even where a switch of the process rounds them to bf16."""
    switch = torch.backends.mkldnn.matmul
    before = switch.fp32_precision
    generator = torch.Generator().manual_seed(0)
    a = torch.randn(2, 128, PIECE, generator=generator) / PIECE**0.5
    error = (a[0] @ a[1].T).double() - a[0].double() @ a[1].double().T
    if error.abs().max() > rounding(PIECE):
        switch.fp32_precision = "ieee"
    try:
        yield
    finally:
        switch.fp32_precision = before


def unit_chunks(vectors: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Chunks ``rows`` (n,) as (n, D) float32 of unit norm, from a norm taken in float64."""
    chunks = np.asarray(vectors[rows], np.float32)
    norm = np.sqrt(np.einsum("nd,nd->n", chunks, chunks, dtype=np.float64))
    chunks *= (1 / norm).astype(np.float32)[:, None]
    return chunks


def scores(chunks: np.ndarray, q: np.ndarray, kind: type = np.float64) -> np.ndarray:
    """Scores (P,) of chunks as stored, (P, D), each with its own ``q`` (P, D), in ``kind``."""
    norm = np.sqrt(np.einsum("pd,pd->p", chunks, chunks, dtype=kind))
    return np.einsum("pd,pd->p", chunks, q, dtype=kind) / norm


def differences(chunks: np.ndarray, targets: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Scores of chunks minus those of targets, (P,), in long floats; 0 where they are equal."""
    found = np.zeros(len(q), np.longdouble)
    (apart,) = np.nonzero((chunks != targets).any(axis=1))
    better, than = (scores(x[apart], q[apart], np.longdouble) for x in (chunks, targets))
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
        chunks[part] = torch.from_numpy(unit_chunks(split.vectors, rows[part]))
        release(split.vectors)
    return chunks

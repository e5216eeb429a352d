"""Counting the chunks that score above a target, block by block, as exactly as float64 would.

Fast products decide what they can; a score whose distance to the target's is within their rounding
is computed again in float64.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from torch import Tensor

from lvmctl.evaluation.retrieval.blocks import BLOCK, Scratch, slices
from lvmctl.evaluation.retrieval.products import fastest_first
from lvmctl.evaluation.retrieval.ranks import NEAR

STRIP = 128
"""Chunks that are looked through together."""

PAIRS = 512
"""Chunks computed again in float64 at a time."""

MAX_SHARE = 1 / 400
"""Share of a block's scores that computing them again in float64 costs as much as the block."""


class Counter:
    """Counts, for each prediction, the chunks that score above its target minus those below.

    Args:
        vectors: (N, D) chunks as stored, of any norm.
        target: (W,) row of each target.
        q: (W, D) float32 predictions.
        pool: threads to share the work.

    Attributes:
        lead: (W,) float64 #better − #worse so far; NaN where the prediction is not a number.
    """

    def __init__(
        self, vectors: np.ndarray, target: np.ndarray, q: np.ndarray, pool: ThreadPoolExecutor
    ) -> None:
        self.vectors, self.target, self.pool = vectors, target, pool
        self.q = np.ascontiguousarray(q, np.float32)
        self.target_score = np.empty(len(q))
        for part in slices(len(q), PAIRS):
            chunks = vectors[target[part]]
            self.target_score[part] = dots(chunks, self.q[part]) / norms(chunks)
        dim = q.shape[1]
        norm = np.sqrt(dots(self.q, self.q))
        number = np.isfinite(norm)  # an infinite prediction is none: its scores are of any sign
        self.size = np.where(number, norm + np.abs(self.target_score), 0)
        self.balance = np.where(number, 0.0, np.nan)
        arguments = torch.from_numpy(self.q), torch.from_numpy(self.target_score.astype(np.float32))
        self.ways = [way(*arguments) for way in pool.submit(fastest_first, dim).result()]
        self.way = [0] * -(-len(q) // BLOCK)
        self.scratch = Scratch()

    def add(self, rows: np.ndarray) -> None:
        """Count the chunks ``rows`` (n,), BLOCK at most."""
        stored = self.vectors[rows]
        norm = norms(stored)
        chunks = torch.from_numpy(scaled(stored, norm))
        prepared = [way.prepare(chunks) for way in self.ways]

        def count(block: int, part: slice) -> None:
            gap, row, chunk = self.gaps(block, part, prepared)
            if len(row):
                window, which = part.start + row.numpy(), chunk.numpy()
                signs = self.signs(window, rows[which], norm[which])
                gap[row, chunk] = torch.from_numpy(signs)
            self.balance[part] += gap.sign_().sum(dim=1).numpy()

        self.share(count, *zip(*enumerate(slices(len(self.q), BLOCK))))

    def gaps(self, block: int, part: slice, prepared: list[Tensor]) -> tuple[Tensor, ...]:
        """Gaps (m, n) of the windows ``part``, and the rows and columns (P,) of those that may be
        of the wrong sign. A way that leaves many of them is not used again for these windows."""
        while True:
            way, chunks = self.ways[self.way[block]], prepared[self.way[block]]
            gap, spare = self.scratch.pair(part.stop - part.start, len(chunks))
            way.fill(part, chunks, gap, spare)
            reach = max(NEAR, way.rounding(self.q.shape[1])) * self.size[part]
            reach[reach == 0] = -1  # whatever is computed again stays 0, or no number
            row, chunk = within(torch.abs(gap, out=spare), torch.from_numpy(reach).float())
            if way is self.ways[-1] or len(row) <= MAX_SHARE * gap.numel():
                return gap, row, chunk
            self.way[block] += 1

    def subtract(self, rows: np.ndarray) -> None:
        """Take back chunk ``rows[w]`` of each window w (W,), which has been counted."""

        def take(part: slice) -> None:
            window = np.arange(part.start, part.stop)
            self.balance[part] -= self.signs(window, rows[part], norms(self.vectors[rows[part]]))

        self.share(take, slices(len(rows), PAIRS))

    def share(self, work: Callable[..., None], *items: Iterable) -> None:
        """Do ``work`` of each of the items in the pool's threads."""
        for _ in self.pool.map(work, *items):
            pass  # an exception comes out here

    def signs(self, window: np.ndarray, rows: np.ndarray, norm: np.ndarray) -> np.ndarray:
        """(P,) float32: 1, 0 or -1 as chunk ``rows[p]``, of norm ``norm[p]``, scores above, like or
        below the target of ``window[p]``: in float64 and, where that cannot tell, in long floats.
        """
        sign = np.empty(len(window), np.float32)
        for part in slices(len(window), PAIRS):
            which, row = window[part], rows[part]
            q, target = self.q[which], self.target[which]
            chunks = self.vectors[row]
            with np.errstate(invalid="ignore"):  # of predictions that are infinite
                gap = dots(chunks, q) / norm[part] - self.target_score[which]
            rounding = (q.shape[1] + 8) * 2.0**-53 * self.size[which]
            (close,) = np.nonzero(np.abs(gap) <= rounding)
            gap[close] = differences(chunks[close], self.vectors[target[close]], q[close])
            sign[part] = np.sign(gap)
        return sign


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
    gaps = np.zeros(len(q), np.longdouble)
    (apart,) = np.nonzero((chunks != targets).any(axis=1))
    better, than = (
        dots(x, q[apart], np.longdouble) / norms(x, np.longdouble)
        for x in (chunks[apart], targets[apart])
    )
    gaps[apart] = better - than
    return gaps

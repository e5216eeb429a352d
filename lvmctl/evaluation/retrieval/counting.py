"""Counting the chunks that score above a target, block by block, as exactly as float64 would.

Fast products decide what they can; a score that may tie with the target's, as far as their rounding
says, is computed again in float64.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from lvmctl.evaluation.retrieval.blocks import BLOCK, Scratch, slices
from lvmctl.evaluation.retrieval.on_device import OnDevice
from lvmctl.evaluation.retrieval.products import Compared, Comparison, fastest_first
from lvmctl.evaluation.retrieval.ties import sign

PAIRS = 512
"""Chunks computed again in float64 at a time."""

MISSES = 4
"""Tiles in which a way to compare may leave too much open before it is no longer tried."""


class Tile(NamedTuple):
    """Chunks that are compared together.

    Attributes:
        rows: (n,) their rows.
        norm: (n,) float64 norms as stored.
        prepared: what each way to compare needs of them.
    """

    rows: np.ndarray
    norm: np.ndarray
    prepared: list[tuple[Tensor, ...]]


class Counter:
    """Counts, for each prediction, the chunks that score above its target minus those below.

    Args:
        vectors: (N, D) chunks as stored, of any norm.
        target: (W,) row of each target.
        q: (W, D) float32 predictions.
        pool: threads to share the work.
        device: where products are made.

    Attributes:
        balance: (W,) float64 #better − #worse so far; NaN where the prediction is not a number.
    """

    def __init__(
        self,
        vectors: np.ndarray,
        target: np.ndarray,
        q: np.ndarray,
        pool: Executor,
        device: str = "cpu",
    ) -> None:
        self.vectors, self.pool = vectors, pool
        self.q = np.ascontiguousarray(q, np.float32)
        self.target_score = np.empty(len(q))
        for part in slices(len(q), PAIRS):
            chunks = vectors[target[part]]
            self.target_score[part] = dots(chunks, self.q[part]) / norms(chunks)
        norm = np.sqrt(dots(self.q, self.q))
        number = np.isfinite(norm)  # an infinite prediction is none: its scores are of any sign
        self.norm = np.where(number, norm, 0)
        self.balance = np.where(number, 0.0, np.nan)
        arguments = [torch.from_numpy(x) for x in (self.q, self.target_score, self.norm)]
        self.ways: list[Comparison] = [OnDevice(*arguments, device)]
        if device == "cpu":
            ways = pool.submit(fastest_first, q.shape[1]).result()
            self.ways = [way(*arguments) for way in ways]
        self.way = [0] * -(-len(q) // BLOCK)
        self.misses = [0] * len(self.way)
        self.scratch = Scratch()

    def add(self, rows: np.ndarray) -> None:
        """Count the chunks ``rows`` (n,)."""
        tiles = self.share(self.prepared, [rows[part] for part in slices(len(rows), BLOCK)])

        def count(block: int, part: slice) -> None:
            for tile in tiles:
                self.count(block, part, tile)

        self.share(count, *zip(*enumerate(slices(len(self.q), BLOCK))))

    def prepared(self, rows: np.ndarray) -> Tile:
        """Chunks ``rows`` (n,), BLOCK at most, as each way needs them."""
        stored = self.vectors[rows]
        norm = norms(stored)
        chunks = torch.from_numpy(scaled(stored, norm))
        return Tile(rows, norm, [way.prepare(chunks) for way in self.ways])

    def count(self, block: int, part: slice, tile: Tile) -> None:
        """Count the chunks of a tile for the windows ``part``."""
        known = self.compared(block, part, tile)
        balance = known.balance.double().numpy()
        if len(known.row):
            row, which = known.row.numpy(), known.column.numpy()
            signs = self.signs(part.start + row, tile.rows[which], tile.norm[which])
            balance += np.bincount(row, signs, len(balance))
        self.balance[part] += balance

    def compared(self, block: int, part: slice, tile: Tile) -> Compared:
        """What the first way that pays knows of the windows ``part``."""
        for number in range(self.way[block], len(self.ways)):
            known = self.ways[number].compare(part, tile.prepared[number], self.scratch)
            if known is not None:
                return known
            self.misses[block] += 1
            if self.misses[block] == MISSES:
                self.way[block], self.misses[block] = number + 1, 0
        raise AssertionError("the last way always pays")

    def subtract(self, rows: np.ndarray) -> None:
        """Take back chunk ``rows[w]`` of each window w (W,), which has been counted."""

        def take(part: slice) -> None:
            window = np.arange(part.start, part.stop)
            self.balance[part] -= self.signs(window, rows[part], norms(self.vectors[rows[part]]))

        self.share(take, slices(len(rows), PAIRS))

    def share(self, work: Callable[..., Any], *items: Iterable) -> list:
        """What ``work`` returns of each of the items, done in the pool's threads."""
        return list(self.pool.map(work, *items))  # an exception comes out here

    def signs(self, window: np.ndarray, rows: np.ndarray, norm: np.ndarray) -> np.ndarray:
        """(P,) float32: 1, 0 or -1 as chunk ``rows[p]``, of norm ``norm[p]``, scores above, like or
        below the target of ``window[p]``."""
        signs = np.empty(len(window), np.float32)
        for part in slices(len(window), PAIRS):
            which = window[part]
            with np.errstate(invalid="ignore"):  # of predictions that are infinite
                scores = dots(self.vectors[rows[part]], self.q[which]) / norm[part]
                signs[part] = sign(scores - self.target_score[which], self.norm[which])
        return signs


def dots(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Dot products (P,) float64 of the rows of ``a`` and ``b`` (P, D)."""
    return np.einsum("pd,pd->p", a, b, dtype=np.float64)


def norms(chunks: np.ndarray) -> np.ndarray:
    """Norms (n,) float64 of chunks (n, D)."""
    return np.sqrt(dots(chunks, chunks))


def scaled(chunks: np.ndarray, norm: np.ndarray) -> np.ndarray:
    """Chunks (n, D) as float32, divided by their norms (n,) from float64."""
    return chunks * (1 / norm).astype(np.float32)[:, None]

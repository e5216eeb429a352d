"""The nearest candidates of every chunk of a pool, found tile by tile."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from lvmctl import Pool

NEAREST = 16
"""R, how far down a chunk's list of neighbours the ranker looks."""

TILE = 4_000_000
"""Cosines between chunks that are held at a time."""

NONE = -2.0
"""Stands where there is no cosine."""


@dataclass(frozen=True, slots=True)
class Lists:
    """The nearest chunks of each chunk, nearest first and without itself; L of them.

    Attributes:
        cosines: (G, N, L), :data:`NONE` where there are fewer than L.
        chunks: (G, N, L) int64, where they stand in the pool. G is 1 where the contexts share the
            lists, else B.
    """

    cosines: Tensor
    chunks: Tensor

    def rows(self, part: slice) -> Lists:
        """Those of some contexts."""
        if len(self.chunks) == 1:
            return self
        return Lists(self.cosines[part], self.chunks[part])


@dataclass(frozen=True, slots=True)
class Neighbours:
    """A context's candidates among the nearest chunks of each chunk.

    Attributes:
        cosines, chunks: (B or 1, N, L), see :class:`Lists`.
        real: (B, N, L) bool, which of them are candidates.
        passed: (B, N, L) int16, how many candidates there are from the nearest to here.
    """

    cosines: Tensor
    chunks: Tensor
    real: Tensor
    passed: Tensor

    def first(self, count: int) -> Tensor:
        """(B, N, L) bool, true for the ``count`` nearest candidates, or as many as there are."""
        return self.real & (self.passed <= count)

    def at(self, place: int) -> tuple[Tensor, Tensor, Tensor]:
        """The ``place``-th nearest candidate of each chunk: where it stands in the pool (B, N, 1)
        int64, its cosine, and whether there is one."""
        index = (self.passed >= place).to(torch.int8).argmax(dim=-1, keepdim=True)
        chunks, cosines = (x.expand(len(index), -1, -1) for x in (self.chunks, self.cosines))
        there = self.passed[..., -1:] >= place
        return chunks.gather(2, index), cosines.gather(2, index), there

    def above(self, cosines: Tensor) -> Tensor:
        """How many of the R nearest candidates of each chunk are nearer than ``cosines`` (B, N, Q),
        (B, N, Q) int64."""
        falling, wanted = -self.cosines, -cosines
        if len(falling) == 1:  # the lists are common, so all contexts are looked up at once
            wanted = wanted.permute(1, 0, 2)
            places = torch.searchsorted(falling[0], wanted.flatten(1).contiguous())
            places = places.view_as(wanted).permute(1, 0, 2)
        else:
            places = torch.searchsorted(falling, wanted.contiguous())
        passed = functional.pad(self.passed, (1, 0)).clamp_max(NEAREST)
        return passed.gather(2, places).long()


def nearest_lists(pool: Pool, spare: int) -> Lists:
    """The nearest chunks, as far as the R nearest candidates of any context reach.

    Contexts share lists of R + ``spare`` where none leaves out more than ``spare`` chunks, which is
    how a pool of an article, or of a split, without the window is searched. Else, or where each has
    a pool of its own, the lists hold a context's own candidates alone.
    """
    vectors, candidates = pool.vectors, pool.candidates
    if vectors.dim() == 2 and (~candidates).sum(dim=1).amax() <= spare:
        return _nearest(vectors[None], None, NEAREST + spare)
    pools = vectors.expand(len(candidates), *vectors.shape[-2:])
    return _nearest(pools, candidates, NEAREST)


def _nearest(vectors: Tensor, candidates: Tensor | None, length: int) -> Lists:
    """Lists of ``vectors`` (G, N, D), among ``candidates`` (G, N) where given."""
    groups, count = vectors.shape[:2]
    length, rows = min(length, max(1, count - 1)), max(1, TILE // (groups * count))
    cosines = vectors.new_empty(groups, count, length)
    chunks = torch.empty(groups, count, length, dtype=torch.int64, device=vectors.device)
    for low in range(0, count, rows):
        tile = vectors[:, low : low + rows] @ vectors.mT
        row = torch.arange(tile.shape[1], device=tile.device)
        tile[:, row, low + row] = NONE
        if candidates is not None:
            tile.masked_fill_(~candidates[:, None], NONE)
        cosines[:, low : low + rows], chunks[:, low : low + rows] = tile.topk(length)
    return Lists(cosines, chunks)


def neighbours(candidates: Tensor, lists: Lists) -> Neighbours:
    """What of ``lists`` is among each context's ``candidates`` (B, N)."""
    chunks = lists.chunks
    if len(chunks) == 1:
        real = candidates[:, chunks[0]]
    else:
        real = candidates.gather(1, chunks.flatten(1)).view_as(chunks)
    real = real & (lists.cosines > NONE)
    return Neighbours(lists.cosines, chunks, real, real.cumsum(dim=-1, dtype=torch.int16))

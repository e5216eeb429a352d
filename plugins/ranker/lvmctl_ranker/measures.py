"""What the ranker knows of a candidate: its cosines, and what follows from them.

Nothing here depends on where a candidate stands in the pool, on D, or on the encoder. In the
formulas x is a candidate, c_k a chunk of the window, and a mean is over a context's candidates.
"""

from __future__ import annotations

from functools import cached_property

import torch
from torch import Tensor
from torch.nn import functional

from lvmctl import Pool
from lvmctl_ranker.neighbours import NONE, Neighbours

CLOSEST, CLOSE = 3, 10
"""Neighbours that a density is the mean over, beside the nearest one and all."""

LONG = 64
"""R_c, how far down a window's chunk's list of candidates is looked."""

SHARP = 0.1
"""Temperature of the weights with which candidates answer for a chunk of the window."""

TIE = 1e-5
"""Cosines nearer to each other than this are equal: a chunk may stand in a text twice."""

TINY = 1e-6


class Measures:
    """Measures of N candidates for B contexts; a group of them is (B, N, ·).

    Args:
        context: (B, K, D) unit chunks, oldest first.
        pool: vectors (N, D) or (B, N, D), candidates (B, N).
        near: neighbours of the pool's chunks among each context's candidates.
    """

    def __init__(self, context: Tensor, pool: Pool, near: Neighbours) -> None:
        self.context, self.vectors, self.near = context, pool.vectors, near
        self.real = pool.candidates[..., None]
        self.count = self.real.sum(dim=1, keepdim=True)
        self.cos = self.with_chunks(context)

    # ------------------------------------------------------------------ groups, by name

    def cosine(self) -> Tensor:
        """x·c_k, (B, N, K)."""
        return self.cos

    def centred(self) -> Tensor:
        """cos(x - μ, c_k - μ), μ the mean candidate: without what the pool has in common."""
        common, shift = self.common, self.mean.square().sum(dim=-1, keepdim=True)
        theirs = (self.context @ self.mean.mT).mT
        left = (1 - 2 * common + shift).clamp_min(TINY) * (1 - 2 * theirs + shift).clamp_min(TINY)
        return (self.cos - common - theirs + shift) / left.sqrt()

    def density(self) -> Tensor:
        """Mean cosine of x with its nearest candidate, its three, its ten, and all others."""
        others = (self.common * self.count - 1) / (self.count - 1).clamp_min(1)
        few = torch.cat([cosines for _, cosines, _ in self.closest], dim=-1)
        there = torch.cat([there for _, _, there in self.closest], dim=-1)
        return torch.cat([self.first, mean_of(few, there, dim=-1), self.crowd, others], dim=-1)

    def csls(self) -> Tensor:
        """2·x·c_k less the mean cosine of either with its ten nearest candidates."""
        top = self.nearest[..., :CLOSE]
        around = mean_of(top, top > NONE, dim=-1)[..., 0]
        return 2 * self.cos - self.crowd - around[:, None]

    def rank(self) -> Tensor:
        """log(1 + number of candidates nearer to c_k than x), which is counted to R_c at most."""
        wanted = -(self.cos.mT + TIE)
        nearer = torch.searchsorted(-self.nearest, wanted.contiguous())
        return nearer.mT.to(wanted).log1p()

    def mutual(self) -> Tensor:
        """log(1 + r) and 1/(1 + r), r ≤ R the number of x's neighbours nearer to x than c_k."""
        r = self.near.above(self.cos + TIE).to(self.cos)
        return torch.cat([r.log1p(), 1 / (1 + r)], dim=-1)

    def smooth(self) -> Tensor:
        """Mean cosine of c_k with the three nearest neighbours of x."""
        total = torch.zeros_like(self.cos)
        for chunks, _, there in self.closest:
            theirs = self.cos.gather(1, chunks.expand_as(self.cos))
            total += theirs.masked_fill_(~there, 0.0)
        return total / self.near.passed[..., -1:].clamp(1, CLOSEST)

    def feedback(self) -> Tensor:
        """Cosine of x with what answers for the oldest and for the newest chunk: the mean of the
        candidates, weighted by softmax(x·c/T)."""
        ends = self.masked_cos[..., [0, -1]]
        weights = (ends / SHARP).masked_fill(~self.real, -torch.inf).softmax(dim=1)
        return self.with_chunks(functional.normalize(weights.mT @ self.vectors, dim=-1))

    def shape(self) -> Tensor:
        """How x·c_k runs along the window: slope, also centred; newest less the best of the older;
        the best; the mean; and by how much the nearest candidate is nearer than the newest."""
        cos, k = self.cos, self.cos.shape[-1]
        ramp = torch.arange(k, device=cos.device).to(cos) - (k - 1) / 2
        ramp = ramp / ramp.square().sum().clamp_min(1)
        older = cos[..., : max(1, k - 1)].amax(dim=-1)
        best, newest = cos.amax(dim=-1), cos[..., -1]
        slopes = (cos @ ramp, self.centred() @ ramp)
        others = (newest - older, best, cos.mean(dim=-1), self.first[..., 0] - newest)
        return torch.stack([*slopes, *others], dim=-1)

    # ------------------------------------------------------------------ of the context alone

    def window(self) -> Tensor:
        """(B, N, 3), one row for all candidates: log of their number, the mean cosine of the
        window's neighbours and of all its pairs."""
        gram = self.context @ self.context.mT
        pairs = gram.mean(dim=(1, 2))
        steps = gram.diagonal(1, 1, 2).mean(dim=-1) if gram.shape[-1] > 1 else pairs
        columns = torch.stack([self.count[:, 0, 0].to(gram).log(), steps, pairs], dim=-1)
        return columns[:, None].expand(-1, self.cos.shape[1], -1)

    # ------------------------------------------------------------------ what they are made of

    def with_chunks(self, queries: Tensor) -> Tensor:
        """Products of queries (B, Q, D) with every chunk, (B, N, Q)."""
        return (queries @ self.vectors.mT).mT

    @cached_property
    def closest(self) -> list[tuple[Tensor, Tensor, Tensor]]:
        """The three nearest candidates of x, see :meth:`Neighbours.at`."""
        return [self.near.at(place) for place in range(1, CLOSEST + 1)]

    @cached_property
    def first(self) -> Tensor:
        """(B, N, 1) cosine of x with its nearest candidate, 0 where there is none."""
        _, cosines, there = self.closest[0]
        return cosines.masked_fill(~there, 0.0)

    @cached_property
    def crowd(self) -> Tensor:
        """(B, N, 1) mean cosine of x with its ten nearest candidates, 0 where there is none."""
        return mean_of(self.near.cosines, self.near.first(CLOSE), dim=-1)

    @cached_property
    def masked_cos(self) -> Tensor:
        """(B, N, K) cosines, :data:`NONE` where a chunk is no candidate."""
        return self.cos.masked_fill(~self.real, NONE)

    @cached_property
    def nearest(self) -> Tensor:
        """(B, K, R_c) cosines of c_k with its nearest candidates, :data:`NONE` if it has fewer."""
        cos = self.masked_cos.mT
        return cos.topk(min(LONG, cos.shape[-1])).values

    @cached_property
    def mean(self) -> Tensor:
        """(B, 1, D) μ, the mean candidate."""
        return (self.real.to(self.cos).mT @ self.vectors) / self.count

    @cached_property
    def common(self) -> Tensor:
        """(B, N, 1) x·μ."""
        return self.with_chunks(self.mean)


def mean_of(values: Tensor, there: Tensor, dim: int) -> Tensor:
    """Mean of ``values`` along ``dim`` where ``there``, which is kept; 0 where there is none."""
    total = values.masked_fill(~there, 0.0).sum(dim=dim, keepdim=True)
    return total / there.sum(dim=dim, keepdim=True).clamp_min(1)

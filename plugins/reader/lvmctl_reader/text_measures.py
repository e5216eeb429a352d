"""What the texts say of a candidate: numbers by group, as P9's measures of vectors are.

Nothing here depends on where a candidate stands in the pool or in its article. In the names p is a
chunk before another one, c.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

import torch
from torch import Tensor

from lvmctl_reader.chunk_texts import OF_WORDS, ChunkTexts
from lvmctl_reader.overlaps import KINDS
from lvmctl_reader.reading import STYLE

AGES = 4
"""Chunks of the window that each count by themselves."""

RIVALS = 3
"""Predecessors that compete with the newest chunk."""

TINY = 1e-5
"""Overlaps nearer to each other than this are equal."""

OF_KIND = {"overlap": AGES + 2, "rivals": 2, "around": 1}
"""Numbers in a group for each kind of overlap."""

GROUPS = {
    **{name: len(KINDS) * count for name, count in OF_KIND.items()},
    "shares": 3,
    "style": len(STYLE),
    "places": len(OF_WORDS),
    "lengths": 2,
    "numbering": 2,
}
"""Numbers in a group of measures, by the method of :class:`TextMeasures`."""

OF_WINDOW = 2 * (len(STYLE) + len(OF_WORDS)) + 1
"""Numbers of :meth:`TextMeasures.window`."""


def width(groups: Iterable[str], more: int = 0) -> int:
    """Numbers in groups, where there are so many more kinds of overlap."""
    return sum(GROUPS[name] + more * OF_KIND.get(name, 0) for name in groups)


class TextMeasures:
    """Measures of N candidates for b contexts; a group of them is (b, N, ·).

    Args:
        texts: the chunks of all windows and candidates.
        windows: (b, K) int64, the chunks of the windows in ``texts``, oldest first.
        chunks: (N,) int64, the chunks of the pool.
        real: (b, N) bool, which of them are candidates.
    """

    def __init__(self, texts: ChunkTexts, windows: Tensor, chunks: Tensor, real: Tensor) -> None:
        self.texts, self.windows, self.chunks, self.real = texts, windows, chunks, real
        used, self.place = windows.unique(return_inverse=True)
        self.rows = texts.pairs(used)  # (F, P, n)

    # ------------------------------------------------------------------ groups, by name

    def overlap(self) -> Tensor:
        """Each kind of overlap with the four newest chunks, its mean and the largest one."""
        each = self.pairs
        recent = each[..., -AGES:].flip(-1)
        if missing := AGES - recent.shape[-1]:
            recent = torch.cat([recent, recent[..., -1:].expand(*[-1] * 3, missing)], dim=-1)
        parts = [recent, each.mean(dim=-1, keepdim=True), each.amax(dim=-1, keepdim=True)]
        return torch.cat(parts, dim=-1).flatten(2)

    def rivals(self) -> Tensor:
        """How a candidate's overlap with the newest chunk compares with that of the other
        candidates with it: less the mean of the three largest, and log(1 + how many are larger),
        which are counted to R at most."""
        last, best = self.pairs[..., -1].mT, self.texts.best[:, self.chunks]  # (b, F, N), (F, N, R)
        top = self.there & (self.there.cumsum(dim=-1, dtype=torch.int8) <= RIVALS)
        mean = (best * top).sum(dim=-1) / top.sum(dim=-1).clamp_min(1)
        larger = (self.there & (best > last[..., None] + TINY)).sum(dim=-1)
        return torch.cat([last - mean, larger.to(last).log1p()], dim=1).mT

    def around(self) -> Tensor:
        """Mean overlap of the newest chunk with those R candidates that a candidate overlaps most
        with, each weighted by how much more it does so than the last of the R."""
        best, before = self.texts.best[:, self.chunks], self.texts.before[:, self.chunks]
        weight = (best - best[..., -1:].clamp_min(0)).clamp_min(0) * self.there
        newest = self.rows[:, self.place[:, -1]]  # (F, b, n)
        near = torch.stack([each[:, chunks] for each, chunks in zip(newest, before)], dim=1)
        return ((near * weight).sum(dim=-1) / (weight.sum(dim=-1) + TINY)).mT

    def shares(self) -> Tensor:
        """The share of a candidate's words, rare words and names that the window had."""
        return self.texts.shares(self.windows)[:, self.chunks]

    def style(self) -> Tensor:
        """How a candidate is written, see :data:`~lvmctl_reader.reading.STYLE`."""
        return self.alone[..., : len(STYLE)]

    def places(self) -> Tensor:
        """Where its words stand in the training text, and how rare they are there."""
        return self.alone[..., len(STYLE) :]

    def lengths(self) -> Tensor:
        """How far its length is from the newest chunk's and the window's mean, in log words."""
        size = self.texts.alone[:, 0]
        window = size[self.windows]
        middle = torch.stack([window[:, -1], window.mean(dim=1)], dim=-1)[:, None]
        return (size[self.chunks][:, None] - middle).abs()

    def numbering(self) -> Tensor:
        """Whether its first number or list marker is the next after the newest chunk's, or that."""
        numbers = self.texts.numbers
        gap = numbers[self.chunks] - numbers[self.windows[:, -1]][:, None]
        return torch.stack([(gap == step).any(dim=-1) for step in (1, 0)], dim=-1).float()

    # ------------------------------------------------------------------ of the context alone

    def window(self) -> Tensor:
        """(b, 1, ·), one row for all candidates: style and places of the newest chunk and of the
        window's mean, and the share of all words that the training text has."""
        alone = self.texts.alone[self.windows]
        coverage = alone.new_full((len(alone), 1), self.texts.coverage)
        return torch.cat([alone[:, -1], alone.mean(dim=1), coverage], dim=-1)[:, None]

    # ------------------------------------------------------------------ what they are made of

    @cached_property
    def pairs(self) -> Tensor:
        """(b, N, F, K) overlaps of each chunk of the window with each of the pool."""
        return self.rows[:, :, self.chunks][:, self.place].permute(1, 3, 0, 2)

    @cached_property
    def there(self) -> Tensor:
        """(b, F, N, R) which of the chunks that each chunk of the pool overlaps most with are
        candidates."""
        inside = torch.zeros(len(self.real), self.texts.size)
        inside = inside.index_add_(1, self.chunks, self.real.float()) > 0
        return inside[:, self.texts.before[:, self.chunks]]

    @cached_property
    def alone(self) -> Tensor:
        """(b, N, U)."""
        return self.texts.alone[self.chunks].expand(len(self.windows), -1, -1)

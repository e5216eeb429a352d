"""The texts of some chunks, measured by themselves and in pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from lvmctl_reader.continuation import Follows
from lvmctl_reader.lexicon import HEAD, PLACES, TAIL, buckets
from lvmctl_reader.overlaps import Overlap, overlaps
from lvmctl_reader.reading import Reading
from lvmctl_reader.terms import Terms
from lvmctl_reader.vocabulary import Vocabulary

BEST = 16
"""R, how far down the list of a chunk's predecessors is looked."""

TILE = 2_000_000
"""Overlaps that are held at a time."""

OF_WORDS = (*PLACES, "second word", "rarity", "rarity of the head", "least rare of the head")
"""Columns of :attr:`ChunkTexts.alone` after those of style."""


class ChunkTexts:
    """n chunks, the windows and candidates of one context or of several.

    Attributes:
        alone: (n, U), what is measured of a chunk by itself: columns of
            :data:`~lvmctl_reader.reading.STYLE`, then those of :data:`OF_WORDS`.
        overlaps: (F) kinds of overlap of a chunk with one after it, by name; more of them, if there
            are, last.
        best: (F, n, R) the largest overlaps of each chunk with one before it, largest first.
        before: (F, n, R) int64, with which.
        numbers: (n, 2), see :class:`~lvmctl_reader.reading.Reading`.
        coverage: share of the words that the training text has.
    """

    def __init__(
        self,
        readings: Sequence[Reading],
        idf: np.ndarray,
        places: np.ndarray,
        more: Mapping[str, Follows] | None = None,
    ) -> None:
        self.size = len(readings)
        words = Vocabulary(readings, idf)
        self.coverage = words.coverage
        self.alone = torch.from_numpy(measures(words, places))
        self.numbers = torch.from_numpy(np.stack([each.numbers for each in readings]))
        self.overlaps: dict[str, Overlap | Follows] = {**overlaps(words), **(more or {})}
        best = [predecessors(each, self.size) for each in self.overlaps.values()]
        self.best, self.before = (torch.stack(each) for each in zip(*best))
        held = [each.held for each in self.overlaps.values() if each.held is not None]
        self.held = torch.stack(held) if held else None
        idf_terms = words.terms(words.idf)
        rare = words.terms(words.idf * words.rarity)
        names = words.terms(words.idf, named=True)
        self.had = [Shares(each) for each in (idf_terms, rare, names)]

    def pairs(self, p: Tensor) -> Tensor:
        """(F, P, n) overlaps of chunks ``p`` (P,) with each chunk after them."""
        if self.held is not None:
            return self.held[:, p]
        return torch.stack([each.rows(p) for each in self.overlaps.values()])

    def shares(self, windows: Tensor) -> Tensor:
        """(b, n, 3) what each chunk has of its words, rare words and names that windows (b, K) had,
        as a share."""
        shares = [each.of(windows.numpy()) for each in self.had]
        return torch.from_numpy(np.stack(shares, axis=-1))

    @property
    def numbers_held(self) -> int:
        """How many numbers it holds, about."""
        pairs = len(self.overlaps) * (self.size**2 + 3 * BEST * self.size)
        return pairs + sum(3 * len(each.value) for each in self.had)


class Shares:
    """How much of a chunk's terms windows had."""

    def __init__(self, terms: Terms) -> None:
        self.column, self.chunk = terms.column, terms.chunk
        self.size, self.columns = terms.shape
        self.value = terms.shares().value
        self.start = np.searchsorted(self.chunk, np.arange(self.size + 1))

    def of(self, windows: np.ndarray) -> np.ndarray:
        """(b, n) of windows (b, K)."""
        shares = np.zeros((len(windows), self.size), np.float32)
        had = np.zeros(self.columns, bool)
        for row, window in enumerate(windows):
            had[:] = False
            for chunk in window:
                had[self.column[self.start[chunk] : self.start[chunk + 1]]] = True
            weights = self.value * had[self.column]
            shares[row] = np.bincount(self.chunk, weights, self.size)
        return shares


def measures(words: Vocabulary, places: np.ndarray) -> np.ndarray:
    """(n, U) float32, of :data:`~lvmctl_reader.reading.STYLE` and :data:`OF_WORDS`."""
    style = np.stack([reading.style for reading in words.readings])
    ratio = places[:, buckets(words.distinct)]
    first, head, last, tail, opening, late = ratio
    low = np.full(words.size, words.idf.max(initial=0.0))
    begin = words.from_start < HEAD
    np.minimum.at(low, words.chunk[begin], words.idf[words.word[begin]])
    second = words.from_start == 1
    of_second = np.zeros(words.size)
    of_second[words.chunk[second]] = head[words.word[second]]
    columns = [
        words.mean(first, first=1),
        words.mean(head, first=HEAD),
        words.mean(last, last=1),
        words.mean(tail, last=TAIL),
        words.mean(opening),
        words.mean(late),
        of_second,
        words.mean(words.idf),
        words.mean(words.idf, first=HEAD),
        low,
    ]
    return np.concatenate([style, np.stack(columns, axis=1)], axis=1).astype(np.float32)


def predecessors(overlap: Overlap | Follows, size: int) -> tuple[Tensor, Tensor]:
    """(n, R) the largest overlaps of each chunk with another before it, and with which."""
    rows = max(1, TILE // max(1, size))
    best = torch.full((size, 0), -1.0)
    before = torch.zeros(size, 0, dtype=torch.long)
    for low in range(0, size, rows):
        p = torch.arange(low, min(size, low + rows))
        tile = overlap.rows(p).T.clone()  # (n, P)
        tile[p, p - low] = -1.0
        both = torch.cat([best, tile], dim=1)
        best, place = both.topk(min(BEST, both.shape[1]), dim=1)
        before = torch.cat([before, p.expand(size, -1)], dim=1).gather(1, place)
    return best, before

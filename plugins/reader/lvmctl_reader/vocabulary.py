"""The words of a pool: which chunk has which, and how much each says."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lvmctl_reader.lexicon import buckets
from lvmctl_reader.reading import Reading
from lvmctl_reader.terms import Terms

SEEN = 0.5
"""By how much the idf of a word must be below the largest one for the word to be known."""


class Vocabulary:
    """The V words of n chunks.

    Attributes:
        coverage: share of the words of all chunks that the training text has.
        chunks_with: (V,) chunks with a word.
        idf: (V,) how rare a word is: in the training text, as far as that has the words of these
            chunks, else among the chunks; ≥ 0.
        rarity: (V,) how rare a word is among the chunks, in [0, 1].
    """

    def __init__(self, readings: Sequence[Reading], idf: np.ndarray) -> None:
        self.readings, self.size = readings, len(readings)
        self.lengths = np.array([len(reading.terms) for reading in readings], np.int64)
        self.chunk = np.repeat(np.arange(self.size), self.lengths)
        ends = self.lengths.cumsum()
        place = np.arange(len(self.chunk))
        self.from_start = place - (ends - self.lengths)[self.chunk]
        self.from_end = ends[self.chunk] - 1 - place
        every = _joined([reading.terms for reading in readings], np.int64)
        self.named = _joined([reading.named for reading in readings], bool)
        self.distinct, self.word = np.unique(every, return_inverse=True)
        self.chunks_with = self._chunks_with(self.chunk, self.word, len(self.distinct))
        trained = idf[buckets(self.distinct)]
        known = trained < idf.max(initial=0.0) - SEEN
        self.coverage = float(known[self.word].mean()) if len(self.word) else 0.0
        here = self.chunks_with / max(1, self.size)
        mixed = self.coverage * np.exp(-trained) + (1 - self.coverage) * here
        self.idf = -np.log(np.clip(mixed, 1e-6, 1.0))
        self.rarity = self._rarity(self.chunks_with)

    def terms(
        self,
        weight: np.ndarray,
        first: int | None = None,
        last: int | None = None,
        named: bool = False,
    ) -> Terms:
        """Words of each chunk, with a ``weight`` (V,): all, the ``first``, the ``last``, or those
        with a capital."""
        chosen = np.ones(len(self.word), bool)
        if first is not None:
            chosen = self.from_start < first
        if last is not None:
            chosen = self.from_end < last
        if named:
            chosen &= self.named
        return self._terms(self.chunk[chosen], self.word[chosen], weight)

    def pairs(self) -> Terms:
        """Two words that stand side by side in two chunks or more."""
        inside = self.from_end[:-1] > 0
        left, right = self.word[:-1][inside], self.word[1:][inside]
        distinct, pair = np.unique(left * len(self.distinct) + right, return_inverse=True)
        chunk = self.chunk[:-1][inside]
        counts = self._chunks_with(chunk, pair, len(distinct))
        left, right = np.divmod(distinct, max(1, len(self.distinct)))
        weight = (self.idf[left] + self.idf[right]) / 2 * self._rarity(counts)
        return self._terms(chunk, pair, np.where(counts > 1, weight, 0.0))

    def stems(self) -> Terms:
        """The beginnings of words; each is as frequent as the most frequent word that has it."""
        every = _joined([reading.stems for reading in self.readings], np.int64)
        distinct, stem = np.unique(every, return_inverse=True)
        counts = self._chunks_with(self.chunk, stem, len(distinct))
        idf = np.full(len(distinct), np.inf)
        np.minimum.at(idf, stem, self.idf[self.word])
        return self._terms(self.chunk, stem, idf * self._rarity(counts))

    def mean(
        self, weight: np.ndarray, first: int | None = None, last: int | None = None
    ) -> np.ndarray:
        """(n,) mean weight of the words of a chunk, or of its first or last ones; 0 of none."""
        chosen = np.ones(len(self.word), bool)
        if first is not None:
            chosen = self.from_start < first
        if last is not None:
            chosen = self.from_end < last
        chunk = self.chunk[chosen]
        total = np.bincount(chunk, weight[self.word[chosen]], self.size)
        return total / np.maximum(1, np.bincount(chunk, minlength=self.size))

    def _rarity(self, counts: np.ndarray) -> np.ndarray:
        """In [0, 1] of what ``counts`` of the chunks have: 0 where all have it."""
        return np.log((self.size + 1) / counts.clip(1)) / np.log(self.size + 1)

    def _chunks_with(self, chunk: np.ndarray, column: np.ndarray, columns: int) -> np.ndarray:
        return np.bincount(
            np.unique(column * self.size + chunk) // max(1, self.size), minlength=columns
        )

    def _terms(self, chunk: np.ndarray, column: np.ndarray, weight: np.ndarray) -> Terms:
        """Each pair once, without weights that are 0."""
        width = len(weight)
        there = weight[column] > 0
        key = np.unique(chunk[there] * max(1, width) + column[there])
        chunk, column = np.divmod(key, max(1, width))
        return Terms(chunk, column, weight[column], (self.size, width))


def _joined(parts: Sequence[np.ndarray], kind: type) -> np.ndarray:
    return np.concatenate([np.zeros(0, kind), *parts])

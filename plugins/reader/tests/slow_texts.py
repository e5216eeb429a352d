"""The measures of texts once more: slowly, pair by pair, in Python's own numbers."""

from __future__ import annotations

from collections import Counter
from math import exp, log, log1p, sqrt
from statistics import fmean
from zlib import crc32

from lvmctl import words

SOFT, WIDE, SEAM, STEM = 3.0, 25, 10, 5


class Slow:
    """Chunks of a pool, with an ``idf`` of words that is learned, by bucket."""

    def __init__(self, texts, idf) -> None:
        self.written = [words(text, as_written=True) for text in texts]
        self.words = [[word.lower() for word in each] for each in self.written]
        self.size = len(texts)
        self.chunks_with = Counter(word for each in self.words for word in {*each})
        every = [word for each in self.words for word in each]
        self.trained = {word: float(idf[crc32(word.encode()) % len(idf)]) for word in every}
        unseen = max(idf)
        seen = [self.trained[word] < unseen - 0.5 for word in every]
        self.coverage = fmean(seen) if seen else 0.0
        self.idf = {word: self._idf_of_word(word) for word in every}

    def _idf_of_word(self, word: str) -> float:
        share = self.chunks_with[word] / self.size
        mixed = self.coverage * exp(-self.trained[word]) + (1 - self.coverage) * share
        return -log(min(max(mixed, 1e-6), 1.0))

    def rarity(self, count: int) -> float:
        return log((self.size + 1) / count) / log(self.size + 1)

    def rare(self, word: str) -> float:
        return self.idf[word] * self.rarity(self.chunks_with[word])

    def overlap(self, kind: str, p: int, c: int) -> float:
        return getattr(self, f"_{kind}")(p, c)

    def _cosine(self, left: dict, right: dict) -> float:
        shared = sum(value * right[name] for name, value in left.items() if name in right)
        norms = (sqrt(sum(v * v for v in each.values()) + SOFT**2) for each in (left, right))
        return shared / (next(norms) * next(norms))

    def _weighted(self, some, weight) -> dict:
        return {word: weight(word) for word in some}

    def _idf_of(self, some) -> dict:
        return self._weighted(some, self.idf.__getitem__)

    def _share(self, part: dict, had) -> float:
        total = sum(v * v for v in part.values()) + SOFT**2
        return sum(v * v for word, v in part.items() if word in had and v > 0) / total

    def _idf(self, p, c):
        return self._cosine(self._idf_of(self.words[p]), self._idf_of(self.words[c]))

    def _rare(self, p, c):
        each = (self._weighted(self.words[n], self.rare) for n in (p, c))
        return self._cosine(next(each), next(each))

    def _wide(self, p, c):
        tail, head = self.words[p][-WIDE:], self.words[c][:WIDE]
        return self._cosine(self._idf_of(tail), self._idf_of(head))

    def _seam(self, p, c):
        tail, head = self.words[p][-SEAM:], self.words[c][:SEAM]
        return self._cosine(self._idf_of(tail), self._idf_of(head))

    def names(self, n: int) -> dict:
        return self._idf_of([word.lower() for word in self.written[n] if word[0].isupper()])

    def _names(self, p, c):
        return self._cosine(self.names(p), self.names(c))

    def _pairs_of(self, n):
        return {*zip(self.words[n], self.words[n][1:])}

    def _pairs(self, p, c):
        counts = Counter(pair for n in range(self.size) for pair in self._pairs_of(n))

        def weight(pair):
            if counts[pair] < 2:
                return 0.0
            return (self.idf[pair[0]] + self.idf[pair[1]]) / 2 * self.rarity(counts[pair])

        each = (self._weighted(self._pairs_of(n), weight) for n in (p, c))
        return self._cosine(next(each), next(each))

    def _stems(self, p, c):
        stems = [{word[:STEM] for word in each} for each in self.words]
        counts = Counter(stem for each in stems for stem in each)

        def weight(stem):
            idf = min(value for word, value in self.idf.items() if word[:STEM] == stem)
            return idf * self.rarity(counts[stem])

        each = (self._weighted(stems[n], weight) for n in (p, c))
        return self._cosine(next(each), next(each))

    def _single(self, p, c):
        shared = {*self.words[p]} & {*self.words[c]}
        return log1p(sum(self.chunks_with[word] <= 3 for word in shared))

    def _begun(self, p, c):
        return self._share(self._idf_of(self.words[c][:SEAM]), {*self.words[p]})

    def _taken(self, p, c):
        return self._share(self._idf_of(self.words[c]), {*self.words[p]})

    def _left(self, p, c):
        return self._share(self._idf_of(self.words[p]), {*self.words[c]})

    def shares(self, window, c) -> tuple[float, float, float]:
        """What a chunk has of its words, rare words and names that a window had."""
        had = {word for n in window for word in self.words[n]}
        named = {word for n in window for word in self.names(n)}
        rare = self._weighted(self.words[c], self.rare)
        parts = ((self._idf_of(self.words[c]), had), (rare, had), (self.names(c), named))
        return tuple(self._share(*part) for part in parts)

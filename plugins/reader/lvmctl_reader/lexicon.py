"""What is learned of words from the training text: how frequent they are, and where they stand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import torch
from lvmctl_ranker.fitting import FOLDS
from torch import Tensor, nn

from lvmctl_reader.reading import Reading

BUCKETS = 1 << 16
"""Words that are told apart."""

HEAD, TAIL = 6, 6
"""Words that begin and end a chunk."""

PRIOR = 20.0
"""Chunks that a word is given beforehand, in which it stands as words do on average."""

PLACES = ("first word", "head", "last word", "tail", "opening", "late")
"""Where words are counted: the first one of a chunk and the first six; the last one and the last
six; the first chunk of an article; and the second half of its chunks."""


class Lexicon(nn.Module):
    """Statistics of words without each fold of the articles, and of all articles.

    Attributes:
        idf: (FOLDS + 1, BUCKETS) float16, log of chunks per chunk with the word.
        places: (FOLDS + 1, P, BUCKETS) float16, see :data:`PLACES`: log of the share that the word
            has there over the share that it has anywhere.
        known: bool, whether anything was learned.
    """

    idf: Tensor
    places: Tensor
    known: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("idf", torch.zeros(FOLDS + 1, BUCKETS, dtype=torch.float16))
        places = torch.zeros(FOLDS + 1, len(PLACES), BUCKETS, dtype=torch.float16)
        self.register_buffer("places", places)
        self.register_buffer("known", torch.tensor(False))

    def learn(self, articles: Iterable[tuple[int, Sequence[Reading]]]) -> None:
        """Count the words of articles, each with the number of its fold."""
        counts = np.zeros((FOLDS, 2 + len(PLACES), BUCKETS), np.float32)
        chunks = np.zeros(FOLDS)
        for fold, readings in articles:
            chunks[fold] += len(readings)
            for place, reading in enumerate(readings):
                count(counts[fold], reading, place, len(readings))
        self.known.fill_(bool(chunks.all()))
        for out in range(FOLDS + 1):
            inside = [fold for fold in range(FOLDS) if fold != out]
            total, size = counts[inside].sum(0), max(1.0, chunks[inside].sum())
            self.idf[out] = torch.from_numpy(np.log((size + 1) / (total[0] + 1))).half()
            anywhere, spots = total[1], total[2:]
            share = anywhere / max(1.0, anywhere.sum())
            expected = share * spots.sum(1, keepdims=True)
            # A rare word is taken to stand where words do.
            prior = PRIOR * expected / np.maximum(anywhere, 1)
            ratio = np.log((spots + prior + 1e-6) / (expected + prior + 1e-6))
            self.places[out] = torch.from_numpy(np.where(anywhere > 0, ratio, 0.0)).half()

    def of_fold(self, fold: int) -> tuple[np.ndarray, np.ndarray]:
        """``idf`` (BUCKETS,) and ``places`` (P, BUCKETS) without a fold, or with all for FOLDS."""
        return self.idf[fold].cpu().float().numpy(), self.places[fold].cpu().float().numpy()


def count(counts: np.ndarray, reading: Reading, place: int, length: int) -> None:
    """Add a chunk, the ``place``-th of ``length``, to counts (2 + P, BUCKETS): of chunks with a
    word, of words, and of words in each place."""
    words = buckets(reading.terms)
    counts[0, np.unique(words)] += 1
    spots = [words, words[:1], words[:HEAD], words[-1:], words[-TAIL:]]
    spots += [words if place == 0 else words[:0], words if 2 * place >= length else words[:0]]
    for row, some in enumerate(spots, start=1):
        np.add.at(counts[row], some, 1)


def buckets(terms: np.ndarray) -> np.ndarray:
    """The places of terms in the tables of a lexicon."""
    return terms & (BUCKETS - 1)

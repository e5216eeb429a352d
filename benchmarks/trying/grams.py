"""How much two chunks share of their letters, whatever the words: a row of `read-...`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from lvmctl_reader.overlaps import WIDE, Overlap
from lvmctl_reader.terms import Terms
from torch import Tensor

from lvmctl import words
from trying.articles import Article
from trying.continuing import measures

LETTERS = 4


def grams(article: Article) -> Tensor:
    """(W, n, 16) cosines of runs of four letters, as :func:`~trying.continuing.measures` has them:
    of whole chunks, and of the last words of one with the first words of another."""
    written = [words(text) for text in article.texts]
    ends = [each[-WIDE:] for each in written], [each[:WIDE] for each in written]
    whole, *parts = terms_of([written, *ends])
    each = Overlap(whole, whole), Overlap(*parts)
    return torch.cat([measures(overlap, article) for overlap in each], dim=-1)


def terms_of(parts: Sequence[Sequence[list[str]]]) -> list[Terms]:
    """Rows of what there is of each chunk, its runs weighted by how few whole chunks have them; the
    first of ``parts`` is all of each chunk."""
    number: dict[str, int] = {}
    rows = [entries(part, number) for part in parts]
    rarity = np.log((len(parts[0]) + 1) / np.bincount(rows[0][1], minlength=len(number)))
    shape = len(parts[0]), len(number)
    return [Terms(chunk, column, rarity[column], shape).normal() for chunk, column in rows]


def entries(chunks: Sequence[list[str]], number: dict[str, int]) -> tuple[np.ndarray, np.ndarray]:
    """Chunk and number of each run that a chunk has."""
    pairs = [
        (chunk, number.setdefault(gram, len(number)))
        for chunk, written in enumerate(chunks)
        for gram in sorted({gram for word in written for gram in grams_of(word)})
    ]
    chunk, column = np.array(pairs, np.int64).reshape(-1, 2).T
    return chunk, column


def grams_of(word: str) -> list[str]:
    """Every run of four letters, a blank before the word and after it."""
    marked = f" {word} "
    return [marked[low : low + LETTERS] for low in range(max(1, len(marked) - LETTERS + 1))]

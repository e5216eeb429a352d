"""Articles of a store, their windows and their pools."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from lvmctl import Pool, Split, open_split
from lvmctl.data.chunk_source import SplitSource

K = 8
"""Chunks in a window."""

FEWEST = 20
"""Chunks of the shortest article that is measured, and that a scorer is trained on."""


@dataclass(frozen=True, eq=False)
class Article:
    """An article with W = max(0, n - K) windows, the chunk after each one its target.

    Attributes:
        chunks: (n, D), of unit norm.
        after: whether a pool is the chunks after the window alone, not all but the window.
        texts: (n) of the chunks, where the store has them.
    """

    chunks: Tensor
    after: bool = False
    texts: tuple[str, ...] = ()

    @cached_property
    def places(self) -> Tensor:
        """(W, K) int64, where the chunks of each window stand, oldest first."""
        return torch.arange(max(0, len(self.chunks) - K))[:, None] + torch.arange(K)

    @cached_property
    def targets(self) -> Tensor:
        """(W,) int64, where each target stands."""
        return self.places[:, -1] + 1

    @cached_property
    def candidates(self) -> Tensor:
        """(W, n) bool, the chunks that can be chosen."""
        if self.after:
            return torch.arange(len(self.chunks)) >= self.targets[:, None]
        everything = torch.ones(len(self.places), len(self.chunks), dtype=torch.bool)
        return everything.scatter(1, self.places, False)

    @property
    def context(self) -> Tensor:
        """(W, K, D)."""
        return self.chunks[self.places]

    @property
    def pool(self) -> Pool:
        return Pool(self.chunks, self.candidates)

    @property
    def centred(self) -> Tensor:
        """(n, D) chunks less their mean, which is that of window and pool together."""
        return self.chunks - self.chunks.mean(dim=0)

    @property
    def measured(self) -> bool:
        return len(self.chunks) >= FEWEST


def articles_of(store: str, after: bool = False, texts: bool = False) -> tuple[Article, ...]:
    """All articles of a store, with their texts where these are asked for."""
    split = open_split(store)
    source, articles = SplitSource(split), []
    for low, high in zip(split.starts, split.starts + split.lengths):
        read = source.texts_at(np.arange(low, high)) if texts else ()
        chunks = torch.from_numpy(split.unit_rows(low, high))
        articles.append(Article(chunks, after, tuple(read)))
    return tuple(articles)


def split_of(articles: Sequence[Article]) -> Split:
    """The articles as a split, in their order."""
    lengths = np.array([len(article.chunks) for article in articles])
    return Split(
        vectors=torch.cat([article.chunks for article in articles]).numpy(),
        starts=np.cumsum(lengths) - lengths,
        lengths=lengths,
        articles=[{"id": number} for number in range(len(articles))],
        name="articles",
        source={},
    )

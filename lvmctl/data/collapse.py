"""Rows that say where they stand → articles, each chunk once. Indices only, no vectors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lvmctl.core.errors import refuse
from lvmctl.core.formatting import count


@dataclass(frozen=True)
class Layout:
    """How M given rows become N chunks of A articles.

    Attributes:
        source: (N,) int64 the given row that each chunk is taken from.
        chunk: (M,) int64 the chunk that each given row is; -1 for a row that is left out.
        lengths: (A,) int64 chunks of each article.
        first: (A,) int64 position of each article's first chunk.
    """

    source: np.ndarray
    chunk: np.ndarray
    lengths: np.ndarray
    first: np.ndarray

    @property
    def owner(self) -> np.ndarray:
        """(N,) int64 the article of each chunk."""
        return np.repeat(np.arange(len(self.lengths)), self.lengths)


def collapse(article: np.ndarray, position: np.ndarray, where: object = None) -> Layout:
    """Articles in the order they first appear; a gap in the positions ends an article.

    Args:
        article: (M,) integers or strings, the article of each row.
        position: (M,) integers, its position there; rows of one place are one chunk.
    """
    _, first_row, number = np.unique(article, return_index=True, return_inverse=True)
    appearance = np.empty(len(first_row), np.int64)
    appearance[np.argsort(first_row)] = np.arange(len(first_row))
    low, high = int(position.min()), int(position.max())
    # One more than the range, so that neighbours are one apart only within an article.
    stride = high - low + 2
    what = (
        f"has positions from {low} to {high}, too far apart for {count(len(first_row), 'article')}"
    )
    hint = "number the chunks of each article from 0"
    refuse(len(first_row) * stride >= 1 << 63, what, where, hint)
    place = appearance[number.ravel()] * stride + (position - low)
    places, source, chunk = np.unique(place, return_index=True, return_inverse=True)
    starts = np.flatnonzero(np.diff(places, prepend=places[0] - 2) != 1)
    lengths = np.diff(starts, append=len(places))
    return Layout(source, chunk.ravel(), lengths, np.asarray(position[source[starts]], np.int64))


def keep_apart(windows: int, width: int) -> Layout:
    """Each of ``windows`` windows of ``width`` rows an article of its own."""
    rows = np.arange(windows * width)
    zeros = np.zeros(windows, np.int64)
    return Layout(rows, rows, np.full(windows, width), zeros)


def whole_windows(layout: Layout, width: int, span: int) -> np.ndarray:
    """(W,) bool: windows whose ``width`` rows still lie in one article, ``span`` chunks end to end.

    A window whose target lies beyond its context (horizon above 1) is lost when nothing fills
    the gap between them.
    """
    chunk = layout.chunk.reshape(-1, width)
    owner = layout.owner
    same = owner[chunk[:, 0]] == owner[chunk[:, -1]]
    return same & (chunk[:, -1] - chunk[:, 0] == span)


def only_articles(layout: Layout, articles: np.ndarray) -> Layout:
    """The layout without any but the articles numbered ``articles`` (ascending)."""
    chosen = np.isin(layout.owner, articles)
    renumbered = np.where(chosen, np.cumsum(chosen) - 1, -1)
    return Layout(
        layout.source[chosen],
        renumbered[layout.chunk],
        layout.lengths[articles],
        layout.first[articles],
    )

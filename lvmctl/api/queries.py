"""What a run is asked: windows of a store, texts or vectors, some at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from lvmctl.api.arrays import directions, numbers
from lvmctl.api.readable import Readable
from lvmctl.api.store import Store
from lvmctl.api.store_chunks import StoreChunks
from lvmctl.core.errors import DataError, UsageError, refuse
from lvmctl.core.formatting import count
from lvmctl.data.windows import Windows

TOGETHER = 256
"""Queries that are answered at a time."""


@dataclass(frozen=True)
class Queries:
    """B contexts of the same length.

    Attributes:
        ids: a name of each.
        context: (B, k, D) vectors, oldest first.
        texts: the texts of each context; None where there are none.
        chunks: (B, k) numbers of the chunks in the store; (B, 0) where they are of no store.
        true: number of the chunk that came next; None where nobody knows.
        article: number of the article that they are windows of.
        read: what a model that reads more than vectors reads of them; None where there is nothing.
    """

    ids: list[str]
    context: np.ndarray
    texts: list[list[str]] | None
    chunks: np.ndarray
    true: list[int | None]
    article: int | None = None
    read: Readable | None = None


def vector_queries(context: np.ndarray, texts: list[str] | None = None) -> Iterator[Queries]:
    """Contexts (k, D) or (B, k, D), of which one may be of ``texts``."""
    rows = context[None] if context.ndim == 2 else context
    if rows.ndim != 3:
        raise DataError(
            f"has shape {context.shape}", where="context", hint="give (k, D) or (B, k, D)"
        )
    for low in range(0, len(rows), TOGETHER):
        part = rows[low : low + TOGETHER]
        yield Queries(
            ids=[str(low + number) for number in range(len(part))],
            context=directions(numbers(part, "context")),
            texts=None if texts is None else [texts],
            chunks=np.empty((len(part), 0), np.int64),
            true=[None] * len(part),
            read=None if texts is None else [texts],
        )


def window_queries(
    store: Store, context_length: int, horizon: int, article: int | str | None, at: int | None
) -> Iterator[Queries]:
    """The windows of a store, of one article, or the one whose target is chunk ``at``."""
    chosen = None if article is None else store._number_of(article)
    if at is not None and chosen is not None:
        return iter([one_window(store, context_length, horizon, chosen, at)])
    windows = Windows(store._split, context_length, horizon)
    index = np.arange(len(windows))
    if chosen is not None:
        index = index[windows.article == chosen]
        needed = context_length + horizon
        what = f"article {store.articles[chosen]['id']} has {count(store.lengths[chosen], 'chunk')}"
        hint = f"a window and what follows need {needed}: choose a longer one, or a chunk with --at"
        refuse(not len(index), what, store.name, hint)
    return all_windows(store, windows, index)


def all_windows(store: Store, windows: Windows, index: np.ndarray) -> Iterator[Queries]:
    """Windows by index, article after article."""
    names, first = StoreChunks(store), np.cumsum(store.lengths) - store.lengths
    for article in np.unique(windows.article[index]):
        of_article = index[windows.article[index] == article]
        for low in range(0, len(of_article), TOGETHER):
            part = of_article[low : low + TOGETHER]
            start = first[article] + windows.position[part]
            chunks = start[:, None] + np.arange(windows.context_length)
            true = (start + windows.target_offset).tolist()
            yield Queries(
                ids=names.names(true),
                context=windows.context(part),
                texts=texts_of(names, chunks),
                chunks=chunks,
                true=true,
                article=int(article),
                read=store.at(chunks),
            )


def one_window(store: Store, context_length: int, horizon: int, article: int, at: int) -> Queries:
    """The window whose target is chunk ``at`` of an article. It may begin before the article does,
    and its target may be behind the end."""
    length, name = int(store.lengths[article]), store.articles[article]["id"]
    what, hint = "holds windows with a gap before their target", "leave out --at"
    refuse(store._split.target_row is not None, what, store.name, hint)
    last = at - horizon
    if not 0 <= last < length:
        raise UsageError(
            f"nothing stands {horizon} before chunk {at} of article {name}, which has {length}",
            where=store.name,
            hint=f"choose a chunk from {horizon} to {length - 1 + horizon}",
        )
    names, first = StoreChunks(store), int(store.lengths[:article].sum())
    chunks = first + np.arange(max(0, last - context_length + 1), last + 1)[None]
    return Queries(
        ids=[f"{name}:{at}"],
        context=names.vectors(chunks),
        texts=texts_of(names, chunks),
        chunks=chunks,
        true=[first + at if at < length else None],
        article=article,
        read=store.at(chunks),
    )


def texts_of(names: StoreChunks, chunks: np.ndarray) -> list[list[str]] | None:
    """The texts of chunks (B, k) by number; None where the store has none."""
    every = names.texts(chunks.ravel().tolist())
    width = chunks.shape[1]
    if every is None:
        return None
    return [every[low : low + width] for low in range(0, len(every), width)]

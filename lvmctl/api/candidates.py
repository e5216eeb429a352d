"""What a prediction is ranked among: listed candidates, the chunks of an article, or of a store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from lvmctl.api.model import Model
from lvmctl.api.queries import Queries
from lvmctl.api.ranking import Ranking
from lvmctl.api.readable import Readable
from lvmctl.api.store import Store
from lvmctl.api.store_chunks import StoreChunks
from lvmctl.core.errors import refuse
from lvmctl.data.transforms import apply_transform
from lvmctl.evaluation.retrieval.nearest_chunks import nearest_chunks, ranks_among


class Ranked(NamedTuple):
    """B rankings.

    Attributes:
        indices, scores: (B, top) numbers of candidates and their scores, the best first.
        true: number of the candidate that came next after each; None where nobody knows.
        ranks: its rank, 1 + #better + ½·#ties.
        size: candidates of each.
    """

    indices: np.ndarray
    scores: np.ndarray
    true: list[int | None]
    ranks: list[float | None]
    size: int


class Candidates(Protocol):
    """What all kinds of candidates can do."""

    def rank(self, queries: Queries, top: int) -> Ranked:
        """Rank them for each query."""
        ...

    def names(self, numbers: Sequence[int]) -> list[str]:
        """The names of candidates by number."""
        ...

    def texts(self, numbers: Sequence[int]) -> list[str] | None:
        """Their texts; None where they have none."""
        ...


@dataclass
class Listed:
    """Candidates (N, D) that are listed, the same for every query; ``true`` is the number of the
    one that came next, if it is known."""

    model: Model
    vectors: np.ndarray
    ids: list[str]
    their_texts: list[str] | None = None
    true: int | None = None

    def rank(self, queries: Queries, top: int) -> Ranked:
        none = np.empty((len(queries.ids), 0), np.int64)
        true = [self.true] * len(none)
        return ranked(self.model, queries, self.vectors, none, true, top, self.their_texts)

    def names(self, numbers: Sequence[int]) -> list[str]:
        return [self.ids[number] for number in numbers]

    def texts(self, numbers: Sequence[int]) -> list[str] | None:
        return (
            None if self.their_texts is None else [self.their_texts[number] for number in numbers]
        )


def ranked(
    model: Model,
    queries: Queries,
    vectors: np.ndarray,
    without: np.ndarray,
    true: list[int | None],
    top: int,
    read: Readable | None,
) -> Ranked:
    """Candidates (N, D), of which the model may ``read`` more, without (B, S) of them, ranked as
    :meth:`lvmctl.Model.rank` does."""
    both = (queries.read, read)
    whole = model.rank(queries.context, vectors, None, without, both)
    ranks = [
        None if number is None else model.rank_in(Ranking(*row), number)
        for *row, number in zip(*whole, true)
    ]
    indices, scores = whole
    return Ranked(indices[:, :top], scores[:, :top], true, ranks, indices.shape[1])


class ChunksInMemory(StoreChunks):
    """Chunks of a store from ``first`` on and before ``end``, but for those of the context: those
    of an article, or all of them for a ranker, whose scores may depend on all candidates."""

    def __init__(self, model: Model, store: Store, first: int, end: int) -> None:
        super().__init__(store)
        self.model, self.first = model, first
        numbers = np.arange(first, end)
        self.rows, self.read = self.vectors(numbers), store.at(numbers)

    def rank(self, queries: Queries, top: int) -> Ranked:
        """Rank them for each query."""
        places = [None if number is None else number - self.first for number in queries.true]
        without = queries.chunks - self.first
        result = ranked(self.model, queries, self.rows, without, places, top, self.read)
        return result._replace(indices=result.indices + self.first, true=queries.true)


class ChunksByCosine(StoreChunks):
    """All chunks of a store, but for those of the context; they are compared tile by tile."""

    def __init__(self, model: Model, store: Store) -> None:
        super().__init__(store)
        self.model = model
        transform = model._trained.transform
        self.split = apply_transform(store._split, transform) if transform else store._split

    def rank(self, queries: Queries, top: int) -> Ranked:
        """Rank them for each query."""
        true, without = queries.true, queries.chunks
        q = self.model.predict(queries.context, read=queries.read)
        indices, scores = nearest_chunks(self.split, q, top, without=without)
        ranks: list[float | None] = [None] * len(q)
        known = np.array([row for row, number in enumerate(true) if number is not None], np.int64)
        if len(known):
            numbers = np.array([number for number in true if number is not None])
            exact = ranks_among(self.split, q[known], numbers, without[known])
            for row, rank in zip(known, exact):
                ranks[row] = float(rank)
        return Ranked(indices, scores, true, ranks, len(self.store) - without.shape[1])


def article_chunks(model: Model, store: Store, article: int) -> Candidates:
    """The chunks of an article; a DataError where the store holds windows, not articles."""
    what, hint = "holds separate windows, not articles", "use the global pool"
    refuse(store._split.separate, what, store.name, hint)
    first = int(store.lengths[:article].sum())
    return ChunksInMemory(model, store, first, first + int(store.lengths[article]))


def all_chunks(model: Model, store: Store) -> Candidates:
    """All chunks of a store."""
    if model.has_score:
        return ChunksInMemory(model, store, 0, len(store))
    return ChunksByCosine(model, store)

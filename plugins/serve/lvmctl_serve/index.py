"""Approximate indexes of a store's chunks, and how much of the exact answer one finds."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import lvmctl

BLOCK = 8192
"""Chunks that are added at a time."""

LINKS, BUILD_BREADTH, SEARCH_BREADTH = 32, 128, 128
"""Neighbours that a chunk is linked to; chunks kept in view while it is added, and in a search."""

CONTEXTS, FOUND = 200, 10
"""Recall is measured on so many contexts of the store, for so many chunks of each."""

SAME = 1e-6
"""Cosines this close are as good as each other."""


class Library(NamedTuple):
    """A library's index: how chunks are added, and their nearest found.

    Attributes:
        add: called with numbers (n,) and unit vectors (n, D), numbers in order.
        search: unit vectors (B, D), how many → numbers (B, top) int64, -1 where none was found.
    """

    add: Callable[[np.ndarray, np.ndarray], object]
    search: Callable[[np.ndarray, int], np.ndarray]


def usearch(dim: int) -> Library:
    """usearch's graph."""
    from usearch.index import Index

    index: Any = Index(
        ndim=dim, metric="ip", dtype="f32", connectivity=LINKS, expansion_add=BUILD_BREADTH
    )
    threads = os.cpu_count() or 1

    def search(q: np.ndarray, top: int) -> np.ndarray:
        index.expansion_search = max(SEARCH_BREADTH, 2 * top)
        numbers = np.full((len(q), top), -1, np.int64)
        for row, vector in enumerate(q):
            keys = index.search(vector, top).keys
            numbers[row, : len(keys)] = keys
        return numbers

    return Library(lambda numbers, rows: index.add(numbers, rows, threads=threads), search)


def faiss(dim: int) -> Library:
    """faiss's graph over the vectors as they are."""
    import faiss as library

    index = library.IndexHNSWFlat(dim, LINKS, library.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction = BUILD_BREADTH

    def search(q: np.ndarray, top: int) -> np.ndarray:
        index.hnsw.efSearch = max(SEARCH_BREADTH, 2 * top)
        return index.search(q, top)[1]

    return Library(lambda numbers, rows: index.add(rows), search)


LIBRARIES: dict[str, Callable[[int], Library]] = {"usearch": usearch, "faiss": faiss}


class StoreIndex:
    """The chunks of a store as a model compares them, in a graph of which a search sees a part.

    The graph proposes chunks; their cosines are computed from the store, so a score is that of the
    exact search. All chunks are held in memory.

    Attributes:
        name: the library.
        recall: share of the :data:`FOUND` nearest chunks that it finds.
        seconds: that building it took.

    Args:
        name: of :data:`LIBRARIES`.
        model: whose predictions are looked up.
        store: whose chunks are.

    Raises:
        UsageError: the library is not installed.
    """

    def __init__(self, name: str, model: lvmctl.Model, store: lvmctl.Store) -> None:
        begin = time.perf_counter()
        self.name, self._model, self._store = name, model, store
        try:
            self._library = LIBRARIES[name](store.dim)
        except ImportError as error:
            hint = f"pip install 'lvmctl-serve[{name}]'"
            raise lvmctl.UsageError(f"{name} is not installed", hint=hint) from error
        for low in range(0, len(store), BLOCK):
            numbers = np.arange(low, min(low + BLOCK, len(store)))
            self._library.add(numbers, self._chunks(numbers))
        self.seconds = time.perf_counter() - begin
        self.recall = self._measured_recall()

    def line(self) -> str:
        """How it does, in a sentence."""
        return (
            f"{self.name} finds {self.recall:.3f} of the {FOUND} nearest chunks (after {CONTEXTS} "
            f"contexts); {len(self._store):,} chunks in {self.seconds:.1f} s"
        )

    def nearest(self, q: np.ndarray, top: int) -> lvmctl.Ranking:
        """About the nearest chunks of vectors.

        Args:
            q: (B, D) float32 of unit norm.
            top: chunks of each; of a smaller store all.

        Returns:
            Numbers of chunks and their cosines, (B, top) each, the nearest first. Where fewer are
            found, numbers of -1 with a cosine of -inf come last.
        """
        top = min(top, len(self._store))
        numbers = self._library.search(np.ascontiguousarray(q, np.float32), top)
        scores = np.full(numbers.shape, -np.inf, np.float32)
        for row, each in enumerate(numbers):
            there = each >= 0
            scores[row, there] = self._chunks(each[there]) @ q[row]
        order = np.argsort(-scores, axis=1, kind="stable")
        return lvmctl.Ranking(
            np.take_along_axis(numbers, order, 1), np.take_along_axis(scores, order, 1)
        )

    def _chunks(self, numbers: np.ndarray) -> np.ndarray:
        """Unit vectors (n, D) of chunks, as the model compares them."""
        rows = np.asarray(self._store.vectors[numbers], np.float32)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        return self._model.transform(rows) if self._model.transformed else rows

    def _measured_recall(self) -> float:
        """Share of the exact answer that is found after contexts drawn from the store."""
        length = min(self._model.context_length, len(self._store))
        draw = np.random.default_rng(0)
        first = draw.integers(0, len(self._store) - length + 1, CONTEXTS)
        contexts = np.stack([self._store.vectors[low : low + length] for low in first])
        q = self._model.predict(contexts)
        transform: Any = self._model.transform if self._model.transformed else None
        exact = self._store.nearest(q, FOUND, transform)
        nearest = self.nearest(q, FOUND)
        least = exact.scores[:, -1:] - SAME  # copies of a chunk are as good as each other
        return float((nearest.scores >= least).mean())

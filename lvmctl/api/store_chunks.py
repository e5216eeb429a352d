"""The chunks of a store by number: their names, texts and vectors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lvmctl.api.store import Store
from lvmctl.data.store.arrays import unit


class StoreChunks:
    """The chunks of a store or split; they are numbered from 0, article after article."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.ends = np.cumsum(store.lengths)

    def names(self, numbers: Sequence[int]) -> list[str]:
        """``ARTICLE:PLACE`` of each, places from 0."""
        index = np.asarray(numbers, np.int64)
        articles = np.searchsorted(self.ends, index, side="right")
        places = index - (self.ends - self.store.lengths)[articles]
        ids = [self.store.articles[article]["id"] for article in articles]
        return [f"{name}:{place}" for name, place in zip(ids, places)]

    def texts(self, numbers: Sequence[int]) -> list[str] | None:
        """Their texts; None where the store has none."""
        return self.store.read_texts(numbers) if self.store.has_texts else None

    def vectors(self, numbers: np.ndarray) -> np.ndarray:
        """Their vectors (…, D) float32 of unit norm."""
        split = self.store._split
        return unit(split.vectors[split.rows()[numbers]])

"""The pieces of chunks: what a finer level of their store has of each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lvmctl.core.errors import DataError, refuse
from lvmctl.data.splits.split import Split
from lvmctl.data.store.arrays import unit
from lvmctl.data.store.many_files import StoredVectors
from lvmctl.data.store.store import LEVELS, MANIFEST, Store

SENTENCE = "sentence"
"""The level that core's batch fields read."""

PIECES = "pieces"
"""Of an article of a finer level: how many pieces each chunk of the store was cut into."""


@dataclass(frozen=True)
class Pieces:
    """A level's vectors, and which of them are the pieces of each chunk of the store.

    Attributes:
        vectors: (M, D) float32 or float16, as stored.
        first: (N,) int64 row of each chunk's first piece.
        counts: (N,) int64 pieces of each chunk, 1 or more.
    """

    vectors: StoredVectors
    first: np.ndarray
    counts: np.ndarray

    @classmethod
    def of(cls, split: Split, level: str = SENTENCE) -> Pieces:
        """The pieces of the store that a split is of.

        Raises:
            DataError: the store has no such level, or one of other chunks.
        """
        path = Path(split.source["path"])
        finer = path / LEVELS / level
        what, hint = f"has no level {level!r}", f"add it with lvmctl data level {path} {level}"
        refuse(not (finer / MANIFEST).is_file(), what, split.name, hint)
        store = Store.open(finer)
        counts = [article.get(PIECES) or [] for article in store.articles]
        starts = np.cumsum([0, *map(len, counts)])
        flat = np.array([number for each in counts for number in each], np.int64)
        place = np.searchsorted(starts, split.starts).clip(max=len(counts) - 1)
        same = (starts[place] == split.starts) & (np.diff(starts)[place] == split.lengths)
        if not same.all() or [sum(each) for each in counts] != store.lengths.tolist():
            what = "is not of the chunks of its store"
            hint = f"make it again: lvmctl data level {path} --force"
            raise DataError(what, where=finer, hint=hint)
        return cls(store.vectors, np.cumsum(flat) - flat, flat)

    def ends(self, rows: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
        """The first and the last ``count`` pieces of chunks.

        Args:
            rows: (…) rows of the chunks in the store.

        Returns:
            (…, 2, P, D) float32 of unit norm, the first pieces and the last ones, both in the order
            of the text, and zeros where a chunk has fewer; (…, 2, P) bool, which are there.
        """
        first, counts = self.first[rows][..., None, None], self.counts[rows][..., None, None]
        place = np.arange(count)
        inside = np.stack(np.broadcast_arrays(place, counts[..., 0, :] - count + place), axis=-2)
        there = (inside >= 0) & (inside < counts)
        vectors = unit(self.vectors[first + np.where(there, inside, 0)])
        return vectors * there[..., None], there

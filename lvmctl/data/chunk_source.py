"""What a store has of its chunks beside their vectors: texts, and pieces at finer levels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lvmctl.core.chunks import TEXT
from lvmctl.core.errors import DataError, refuse
from lvmctl.core.paths import typed
from lvmctl.data.splits.split import Split
from lvmctl.data.store.arrays import unit
from lvmctl.data.store.many_files import StoredVectors
from lvmctl.data.store.store import LEVELS, MANIFEST, Store
from lvmctl.data.store.text_lines import TextLines

if TYPE_CHECKING:
    from torch import Tensor

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
        """The pieces of the store that a split is of."""
        path = Path(split.source["path"])
        finer = path / LEVELS / level
        what, hint = (
            f"has no level {level!r}",
            f"add it with lvmctl data level {typed(path)} {level}",
        )
        refuse(not (finer / MANIFEST).is_file(), what, split.name, hint)
        store = Store.open(finer)
        counts = [article.get(PIECES) or [] for article in store.articles]
        starts = np.cumsum([0, *map(len, counts)])
        flat = np.array([number for each in counts for number in each], np.int64)
        place = np.searchsorted(starts, split.starts).clip(max=len(counts) - 1)
        same = (starts[place] == split.starts) & (np.diff(starts)[place] == split.lengths)
        if not same.all() or [sum(each) for each in counts] != store.lengths.tolist():
            what = "is not of the chunks of its store"
            hint = f"make it again: lvmctl data level {typed(path)} --force"
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


class SplitSource:
    """A :class:`lvmctl.core.chunks.ChunkSource`: what the store of a split, or each of those that
    were joined, has of its chunks beside vectors. Files are opened when something is first read.

    Args:
        split: whose rows they are; of a part, those of the whole.
    """

    def __init__(self, split: Split) -> None:
        self.split = split.whole or split
        self._stores = self.split.joined or (self.split,)
        self._opened: dict[tuple[int, str], Any] = {}

    def require(self, name: str) -> None:
        """Refuse with a DataError what does not have this level, or no texts."""
        for number in range(len(self._stores)):
            self._lines(number) if name == TEXT else self._level(number, name)

    def pieces_at(self, rows: np.ndarray, count: int, level: str) -> tuple[np.ndarray, np.ndarray]:
        """The first and the last ``count`` pieces of chunks with ``rows`` (…) of the split; see
        :meth:`lvmctl.data.windows.Windows.pieces`."""
        vectors = np.zeros((rows.size, 2, count, self.split.dim), np.float32)
        there = np.zeros(vectors.shape[:-1], bool)
        for number, some, stored in self.split.by_store(rows.ravel()):
            vectors[some], there[some] = self._level(number, level).ends(stored, count)
        shape = (*rows.shape, 2, count)
        return vectors.reshape(*shape, self.split.dim), there.reshape(shape)

    def texts_at(self, rows: np.ndarray) -> list[str]:
        """The texts of chunks with ``rows`` (n,) of the split; each is read once."""
        distinct, place = np.unique(rows, return_inverse=True)
        texts = np.empty(len(distinct), object)
        for number, some, stored in self.split.by_store(distinct):
            texts[some] = list(self._lines(number).take(stored))
        return texts[place].tolist()

    def pieces(self, rows: Tensor, count: int, level: str) -> tuple[Tensor, Tensor]:
        """See :meth:`lvmctl.core.chunks.Chunks.pieces`."""
        import torch  # late: a store is opened and counted without it

        each = self.pieces_at(rows.cpu().numpy(), count, level)
        vectors, there = (torch.from_numpy(array).to(rows.device) for array in each)
        return vectors, there

    def texts(self, rows: Tensor) -> Any:
        """See :meth:`lvmctl.core.chunks.Chunks.texts`."""
        return nested(self.texts_at(rows.cpu().numpy().ravel()), tuple(rows.shape))

    def _level(self, number: int, level: str) -> Pieces:
        """A finer level of one of the stores."""
        if (number, level) not in self._opened:
            what = (
                f"is transformed ({self.split.source.get('transform')}), its {level} level is not"
            )
            refuse("transform" in self.split.source, what, self.split.name, "use transform=none")
            self._opened[number, level] = Pieces.of(self._stores[number], level)
        return self._opened[number, level]

    def _lines(self, number: int) -> TextLines:
        """The texts of one of the stores."""
        if (number, TEXT) not in self._opened:
            split = self._stores[number]
            path = Path(split.source["path"])
            lines = Store.open(path).text_lines if path.is_dir() else None
            hint = "embed texts into a store with lvmctl data embed"
            refuse(lines is None, "has no texts, which the model reads", split.name, hint)
            self._opened[number, TEXT] = lines
        return self._opened[number, TEXT]


class TextList:
    """A :class:`lvmctl.core.chunks.ChunkSource` of texts that are of no store; rows are places."""

    def __init__(self, texts: list[str]) -> None:
        self._texts = texts

    def texts(self, rows: Tensor) -> Any:
        """See :meth:`lvmctl.core.chunks.Chunks.texts`."""
        every = [self._texts[row] for row in rows.flatten().tolist()]
        return nested(every, tuple(rows.shape))

    def pieces(self, rows: Tensor, count: int, level: str) -> tuple[Tensor, Tensor]:
        """There are none: a DataError."""
        what = f"texts alone have no level {level!r}"
        raise DataError(what, where="rank", hint="rank chunks of a store")


def nested(texts: list[str], shape: tuple[int, ...]) -> Any:
    """Texts (n,) in lists of a shape (…)."""
    if len(shape) == 1:
        return texts
    size = len(texts) // max(1, shape[0])
    return [nested(texts[i * size : (i + 1) * size], shape[1:]) for i in range(shape[0])]

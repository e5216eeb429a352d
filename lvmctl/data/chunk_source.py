"""Sentences and texts of the chunks of a split, by row."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lvmctl.core.chunks import TEXT
from lvmctl.core.errors import DataError, refuse
from lvmctl.data.pieces import Pieces
from lvmctl.data.splits.split import Split
from lvmctl.data.store.store import Store
from lvmctl.data.store.text_lines import TextLines

if TYPE_CHECKING:
    from torch import Tensor


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
            texts[some] = self._lines(number).read(stored)
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
            self._opened[number, TEXT] = lines_of(self._stores[number])
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
        raise DataError(
            f"texts alone have no level {level!r}", where="rank", hint="rank chunks of a store"
        )


def lines_of(split: Split) -> TextLines:
    """The texts of the store that a split is of; a DataError where it has none."""
    path = Path(split.source["path"])
    lines = Store.open(path).text_lines if path.is_dir() else None
    if lines is None:
        hint = "embed texts into a store with lvmctl data embed"
        raise DataError("has no texts, which the model reads", where=split.name, hint=hint)
    return lines


def nested(texts: list[str], shape: tuple[int, ...]) -> Any:
    """Texts (n,) in lists of a shape (…)."""
    if len(shape) == 1:
        return texts
    size = len(texts) // max(1, shape[0])
    return [nested(texts[i * size : (i + 1) * size], shape[1:]) for i in range(shape[0])]

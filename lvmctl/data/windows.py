"""Windows by index: K chunks of one article and the h-th unseen chunk after them."""

from __future__ import annotations

import numpy as np

from lvmctl.core.chunks import Chunks
from lvmctl.core.errors import DataError
from lvmctl.data.chunk_source import SENTENCE, SplitSource
from lvmctl.data.splits.split import Split, windows_per_article
from lvmctl.data.store.arrays import unit

MANY = 10
"""Times as many windows as are enough: from here on, some are left out."""


class Windows:
    """All windows of a split. Nothing is copied; a window never crosses an article.

    Args:
        split: where the chunks are.
        context_length: K >= 1.
        horizon: h >= 1.
        enough: where whole articles have more than :data:`MANY` times as many windows, which one
            long article may, every n-th is taken, so that at least so many are; None takes all.

    Attributes:
        rows: (W,) int64 row of x_s, the oldest chunk of each window, in ``split.vectors``.
        article: (W,) int64 index into ``split.articles``.
        position: (W,) int64 s, the position of x_s in its article.
        source: what the store has of chunks beside vectors: finer levels and texts.
        target_offset: the target's row is ``rows + target_offset``.

    Raises:
        DataError: no article is long enough, or the store holds windows of another shape.
    """

    def __init__(
        self, split: Split, context_length: int, horizon: int, enough: int | None = None
    ) -> None:
        self.split = split
        self.context_length = context_length
        self.horizon = horizon
        self.enough = enough
        counts = windows_per_article(split, context_length, horizon)
        if not counts.any():
            raise _too_short(split, context_length, horizon)
        first = 0
        self.target_offset = context_length - 1 + horizon
        if split.target_row is not None:
            first = split.target_row - context_length
            self.target_offset = context_length
        self.article = np.repeat(np.arange(len(counts)), counts)
        before = np.cumsum(counts) - counts
        self.position = np.arange(len(self.article)) - before[self.article] + first
        if enough is not None:
            self.article, self.position = (fewer(x, enough) for x in (self.article, self.position))
        self.rows = split.starts[self.article] + self.position
        self.source = SplitSource(split)

    def __len__(self) -> int:
        return len(self.rows)

    def context(self, index: np.ndarray | None = None) -> np.ndarray:
        """Contexts (B, K, D) float32 of unit norm, oldest chunk first; all of them by default."""
        return self.chunks(self.inside(np.arange(len(self)) if index is None else index))

    def target(self, index: np.ndarray | None = None) -> np.ndarray:
        """Targets (B, D) float32 of unit norm; of all windows by default."""
        rows = self.rows if index is None else self.rows[index]
        return self.chunks(rows + self.target_offset)

    def chunks(self, rows: np.ndarray) -> np.ndarray:
        """Chunks (…, D) float32 of unit norm by their ``rows`` (…) in the split."""
        return unit(self.split.vectors[rows])

    def pieces(
        self, rows: np.ndarray, count: int = 1, level: str = SENTENCE
    ) -> tuple[np.ndarray, np.ndarray]:
        """The first and the last ``count`` pieces of chunks at a finer level of their store.

        Args:
            rows: (…) of the chunks in the split, as for :meth:`chunks`.

        Returns:
            (…, 2, P, D) float32 of unit norm, first pieces and last ones, zeros where a chunk has
            fewer; (…, 2, P) bool, which are there.

        Raises:
            DataError: the store does not have this level.
        """
        return self.source.pieces_at(rows, count, level)

    def texts(self, rows: np.ndarray) -> list[str]:
        """The texts of chunks by their ``rows`` (n,); a DataError where the store has none."""
        return self.source.texts_at(rows)

    def inside(self, index: np.ndarray) -> np.ndarray:
        """Rows (B, K) of the chunks of windows."""
        return self.rows[index][:, None] + np.arange(self.context_length)

    def at(self, rows: np.ndarray) -> Chunks:
        """Chunks by their ``rows`` (…), for a ranker that reads more than vectors."""
        import torch  # late: windows are counted and written without it

        return Chunks(torch.from_numpy(np.ascontiguousarray(rows)), self.source)

    def previous(self, name: str, index: np.ndarray) -> np.ndarray:
        """The chunk that a margin is named after, (B, D) float32 of unit norm.

        Args:
            name: ``last`` (x_{s+K-1}), ``second_last`` (x_{s+K-2}; K >= 2) or ``unseen`` (x_{s-h},
                the target's mirror image).
            index: windows that have it: ``unseen`` needs s >= h.
        """
        k = self.context_length
        away = {"last": k - 1, "second_last": k - 2, "unseen": -self.horizon}[name]
        return self.chunks(self.rows[index] + away)


def fewer(index: np.ndarray, enough: int) -> np.ndarray:
    """Every n-th of ``index`` (n,), at least ``enough``, where there are more than :data:`MANY`
    times as many."""
    return index[:: len(index) // enough] if len(index) > MANY * enough else index


def _too_short(split: Split, context_length: int, horizon: int) -> DataError:
    needed = context_length + horizon
    if not len(split.lengths):
        return DataError("has no articles", where=split.name, hint="choose another split or store")
    target = "its target" if horizon == 1 else f"its target {horizon} ahead"
    what = (
        f"no article has the {needed} chunks that a window of K = {context_length} and {target} "
        f"need (the longest of {len(split.lengths):,} has {split.lengths.max()})"
    )
    hint = "use a smaller --context or --horizon, or longer articles"
    return DataError(what, where=split.name, hint=hint)

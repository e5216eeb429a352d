"""The texts of a pool and its windows, for some of its contexts at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from lvmctl import Pool
from lvmctl_reader.chunk_texts import ChunkTexts
from lvmctl_reader.continuation import Continuation, Follows
from lvmctl_reader.memory import Memory
from lvmctl_reader.text_measures import TextMeasures

Tables = Callable[[int], tuple[np.ndarray, np.ndarray]]
"""What is learned of words, see :meth:`~lvmctl_reader.lexicon.Lexicon.of_fold`."""


class PoolTexts:
    """Measures of candidates by their texts; contexts with the same window and candidates
    together, in whatever order, share what is worked out of a set of chunks.

    Args:
        pool: with ``window`` and ``chunks`` to read.
        groups: which measures, by method of :class:`TextMeasures`.
        folds: (B,) the part of the training articles that each context is from.
        tables: what was learned without a part.
        memory: what is known from other calls.
        continuation: an encoder of the ends of chunks, if there is one.
    """

    def __init__(
        self,
        pool: Pool,
        groups: Sequence[str],
        folds: np.ndarray,
        tables: Tables,
        memory: Memory,
        continuation: Continuation | None = None,
    ) -> None:
        assert pool.window is not None
        assert pool.chunks is not None
        self.groups, self.folds, self.tables, self.memory = groups, folds, tables, memory
        self.continuation, self.read_from = continuation, (pool.chunks, pool.window)
        self.real = pool.candidates.cpu()
        self.sources = [pool.chunks.source, pool.window.source]
        for chunks in (pool.chunks, pool.window):
            memory.read(replace(chunks, rows=chunks.rows.flatten()))
        # Chunks of two sources are told apart by the last bit.
        apart = int(pool.chunks.source is not pool.window.source)
        self.windows = 2 * pool.window.rows.cpu().numpy() + apart
        self.chunks = 2 * pool.chunks.rows.cpu().numpy()
        real = self.real.numpy()
        every = np.broadcast_to(self.chunks, real.shape)
        self.sets = [
            np.unique(np.concatenate([window, chunks[there]]))
            for window, chunks, there in zip(self.windows, every, real)
        ]
        names = [(fold, each.tobytes()) for fold, each in zip(folds.tolist(), self.sets)]
        self.names = names

    def measures(self, part: slice) -> tuple[Tensor, Tensor]:
        """Of some contexts: of candidates (b, N, E), of what is none finite numbers without
        meaning; and of the contexts alone (b, 1, W)."""
        names, low = self.names[part], part.start
        if self.chunks.ndim == 1 and len(set(names)) == 1:
            return self.together(slice(low, low + len(names)))
        rows = range(low, low + len(names))
        each = zip(*(self.together(slice(row, row + 1)) for row in rows))
        numbers, window = map(torch.cat, each)
        return numbers, window

    def together(self, part: slice) -> tuple[Tensor, Tensor]:
        """Of contexts with one set of chunks: of candidates (b, N, ·) and of windows (b, 1, ·)."""
        every = self.sets[part.start]
        texts = self.memory.texts(self.key(part.start), lambda: self.measured(part.start))
        chunks = self.chunks if self.chunks.ndim == 1 else self.chunks[part.start]
        place = np.searchsorted(every, chunks).clip(max=len(every) - 1)
        windows = np.searchsorted(every, self.windows[part])
        of_windows, of_pool = (torch.from_numpy(each) for each in (windows, place))
        measures = TextMeasures(texts, of_windows, of_pool, self.real[part])
        groups = [getattr(measures, name)() for name in self.groups]
        return torch.cat(groups, dim=-1), measures.window()

    def measured(self, row: int) -> ChunkTexts:
        """The set of chunks of a context."""
        readings = [
            self.memory.readings[id(self.sources[name & 1]), name >> 1]
            for name in self.sets[row].tolist()
        ]
        return ChunkTexts(readings, *self.tables(int(self.folds[row])), self.continued(row))

    def continued(self, row: int) -> dict[str, Follows]:
        """How well the chunks of a context's set continue each other."""
        if self.continuation is None:
            return {}
        every = self.sets[row]
        parts = [
            replace(chunks, rows=torch.from_numpy(rows))
            for bit, chunks in enumerate(self.read_from)
            if len(rows := every[every & 1 == bit] >> 1)
        ]
        order = np.argsort(np.argsort(every & 1, kind="stable"))
        return self.continuation.overlaps(parts, order, int(self.folds[row]))

    def key(self, row: int) -> tuple:
        """What a set is called, in which fold and of which sources."""
        return (*map(id, self.sources), *self.names[row])

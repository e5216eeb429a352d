"""What was read and worked out of chunks, kept as long as there is room."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from lvmctl import Chunks
from lvmctl_reader.chunk_texts import ChunkTexts
from lvmctl_reader.reading import Reading

ROOM = 80_000_000
"""Numbers that are kept of sets of chunks."""

READ = 200_000
"""Chunks whose texts are kept."""


class Memory:
    """Readings by chunk and measured sets of chunks, the oldest forgotten first.

    A copy of a model begins with an empty one.
    """

    def __init__(self) -> None:
        self.readings: dict[tuple[int, int], Reading] = {}
        self.sets: OrderedDict[tuple, ChunkTexts] = OrderedDict()
        self.sources: dict[int, Any] = {}  # so that no other object has their id
        self.used = 0

    def __deepcopy__(self, memo: dict) -> Memory:
        return Memory()

    def __reduce__(self) -> tuple:
        return Memory, ()

    def read(self, chunks: Chunks) -> list[Reading]:
        """What is known of some chunks (n,) by themselves, each of which is read once."""
        rows, source = chunks.rows.cpu().numpy(), id(chunks.source)
        distinct, first = np.unique(rows, return_index=True)
        new = np.array([(source, row) not in self.readings for row in distinct.tolist()], bool)
        if len(self.readings) + new.sum() > READ:
            self.forget()
            new[:] = True
        self.sources[source] = chunks.source
        texts = chunks[torch.from_numpy(first[new])].texts() if new.any() else []
        for row, text in zip(distinct[new].tolist(), texts):
            self.readings[source, row] = Reading.of(text)
        return [self.readings[source, row] for row in rows.tolist()]

    def texts(self, key: tuple, measure: Callable[[], ChunkTexts]) -> ChunkTexts:
        """The set of chunks called ``key``, measured if it is not known."""
        if key in self.sets:
            self.sets.move_to_end(key)
            return self.sets[key]
        made = self.sets[key] = measure()
        self.used += made.numbers_held
        while self.used > ROOM and len(self.sets) > 1:
            self.used -= self.sets.popitem(last=False)[1].numbers_held
        return made

    def forget(self) -> None:
        """Begin anew."""
        self.readings.clear()
        self.sets.clear()
        self.sources.clear()
        self.used = 0

"""Which parts of a store are left when nothing of a split is known from the splits before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lvmctl.core.formatting import count
from lvmctl.core.reporter import Reporter
from lvmctl.data.splits.split import Split
from lvmctl.data.store.manifest import SPLITS
from lvmctl.data.store.store import Store
from lvmctl.diagnostics.data.leakage.near_duplicates import Chunks, find_repeats, tiles

if TYPE_CHECKING:
    from lvmctl.data.store.writer import Piece


@dataclass(frozen=True)
class Deduplicated:
    """What is left: pieces of articles in the order of their rows; by split how many chunks were
    left out, and how many articles they were in."""

    pieces: list[Piece]
    removed: dict[str, int]
    touched: int

    def line(self, threshold: float) -> str:
        """The same for a reader."""
        parts = [f"{count(number, 'chunk')} of {name}" for name, number in self.removed.items()]
        what = f"above cosine {threshold:g} of a chunk that is held out"
        where = f", in {count(self.touched, 'article')}" if parts else ""
        return f"left out {' and '.join(parts) or 'nothing'} {what}{where}"


def deduplicate(store: Store, threshold: float, reporter: Reporter) -> Deduplicated:
    """Leave out the chunks of each split that repeat in a later one: of ``train`` those that are in
    ``val``, ``test`` or ``ood`` too, and so on. Articles are cut there; separate windows are left
    out whole."""
    named = {name: Split.of(store, name) for name in SPLITS}
    splits = {name: split for name, split in named.items() if len(split.lengths)}
    chunks = Chunks(list(splits.values()))
    with reporter.progress("near-duplicate chunks", "tiles", tiles(chunks)) as done:
        repeats = find_repeats(chunks, threshold, done)
    later = np.arange(len(splits)) > chunks.part[:, None]
    again = ((repeats.cosine > -np.inf) & later).any(axis=1)
    remains = np.ones(len(store.vectors), bool)
    remains[chunks.row[again]] = False
    pieces: list[Piece] = []
    for entry, low, high in zip(store.articles, store.offsets[:-1], store.offsets[1:]):
        kept = remains[low:high]
        if store.separate:
            kept = np.full(len(kept), kept.all())
        edges = np.flatnonzero(np.diff(kept, prepend=False, append=False))
        for start, end in edges.reshape(-1, 2).tolist():
            first = entry.get("first", 0) + start
            piece = {**entry, "first": first} if first else entry
            pieces.append((piece, int(low) + start, int(low) + end))
    removed = {name: int((again & (chunks.part == part)).sum()) for part, name in enumerate(splits)}
    return Deduplicated(
        pieces,
        {name: number for name, number in removed.items() if number},
        len(np.unique(chunks.article[again])),
    )

"""Which held-out articles and chunks are training ones too (docs/methods.md#splits)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from lvmctl.core.errors import DataError, OutputError
from lvmctl.core.files import output_errors, write_whole
from lvmctl.core.formatting import count, percent
from lvmctl.data.splits.split import Split
from lvmctl.data.store.arrays import open_npy
from lvmctl.data.store.cache import cache_directory

TOLERATED = 0.01
"""Share of the chunks of separate windows that may repeat before it is reported."""

SKETCH, KEY = 8, 6
"""Random directions that unit chunks are projected on, where a projection has a standard deviation
of 1; and how many of them say in which cell a chunk is looked for."""

CELL, ROUNDING = 0.04, 0.008
"""Width of a cell, and what rounding to float16 or bfloat16 may move a projection."""

SAME = 2e-5
"""Squared distance of unit chunks, as their projections tell it, below which they are the same:
a cosine above 1 - 1e-5."""

MAX_COPIES = 100
"""Chunks of one cell that a chunk is compared with: what is in more places is boilerplate."""

MANY = 20_000
"""Chunks of both from which on what they share is kept."""

BLOCK_ROWS = 1 << 14
"""Held-out chunks that are looked for at a time."""

SHARED = 0.5
"""Share of its chunks in one training article from which on an article is a training article."""

FOLDER, VERSION = "shared", 2

KEPT = 100
"""Pairs of splits that are kept, those that were looked for last."""


@dataclass(frozen=True)
class Shared:
    """What of a held-out split is in training articles.

    Attributes:
        of_article: (A,) the largest share of an article's chunks that are in one training article.
        nearest: (A,) int64, the number of that training article; 0 where nothing is shared.
        of_chunks: the share of all chunks that are in any.
    """

    of_article: np.ndarray
    nearest: np.ndarray
    of_chunks: float

    @property
    def articles(self) -> np.ndarray:
        """(A,) bool: which articles are training articles, whole or cut."""
        return self.of_article >= SHARED


def shared(trained: Split, held: Split) -> Shared:
    """What of ``held`` is in ``trained``.

    Two chunks are the same when they have the same direction up to the rounding of float16, so
    copies in another type or scale, cut articles, subsets and joined stores are seen through.
    """
    return KnownChunks(trained).shared(held)


def overlap_notice(overlap: Shared, held: Split, trained: Split, kind: str = "") -> str | None:
    """How much of ``held`` is trained on, in one sentence; None where that is nothing. Articles
    that have all of their chunks in one training article are called training articles, of others
    that share half of theirs the first is named.

    Args:
        kind: of articles, e.g. ``validation``, with a space behind it.
    """
    if held.separate:
        if overlap.of_chunks <= TOLERATED:
            return None
        chunks = f"the {held.chunks:,} {kind}chunks of {held.name}"
        return f"{percent(overlap.of_chunks)} of {chunks} are in training windows"
    whole = int((overlap.of_article == 1).sum())
    parts = np.flatnonzero(overlap.articles & (overlap.of_article < 1))
    said = []
    if whole:
        said.append("is a training article" if whole == 1 else "are training articles")
    if len(parts):
        one = len(parts) == 1
        pair = held.articles[parts[0]], trained.articles[overlap.nearest[parts[0]]]
        names = " with ".join(map(called, pair))
        said.append(
            f"{'shares half its' if one else 'share half their'} chunks or more with a training "
            f"article ({'' if one else 'such as '}{names})"
        )
    if not said:
        return None
    place = "" if kind else f" of {held.name}"
    counts = [n for n in (whole, len(parts)) if n]
    held_articles = count(len(held.lengths), f"{kind}article")
    first = f"{counts[0]} of {held_articles}{place} {said[0]}"
    return ", ".join([first, *(f"{n} {what}" for n, what in zip(counts[1:], said[1:]))])


def called(article: Mapping[str, Any]) -> str:
    """An article's id, or its title where the id is a number."""
    name = article["id"]
    return name if isinstance(name, str) else str(article.get("title") or f"article {name}")


class KnownChunks:
    """The chunks of training articles, in the order of their cells. They are read when they are
    first needed."""

    def __init__(self, trained: Split) -> None:
        self.trained, self.articles = trained, len(trained.lengths)

    def shared(self, held: Split) -> Shared:
        """What of ``held`` is among them; of many chunks it is looked for once and kept in the
        user's cache."""
        if self.trained.dim != held.dim:
            nothing = np.zeros(len(held.lengths))
            return Shared(nothing, nothing.astype(np.int64), 0.0)
        if min(self.trained.chunks, held.chunks) == 0 or self.trained.chunks + held.chunks < MANY:
            return self._find(held)
        return kept(self.trained, held, lambda: self._find(held))

    @cached_property
    def _cells(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Key, sketch and article of each chunk."""
        trained = self.trained
        sketch = np.concatenate([np.zeros((0, SKETCH), np.float32), *sketches(trained)])
        article = np.repeat(np.arange(self.articles), trained.lengths)
        keys = packed(np.floor(sketch[:, :KEY] / CELL))
        order = np.argsort(keys, kind="stable")
        return keys[order], sketch[order], article[order]

    def _find(self, held: Split) -> Shared:
        owner = np.repeat(np.arange(len(held.lengths)), held.lengths)
        low, repeated = 0, 0
        pairs, counts = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        for sketch in sketches(held, BLOCK_ROWS):
            row, article = self._matches(sketch)
            repeated += len(np.unique(row))
            both = owner[low + row] * self.articles + article
            for values, into in zip(np.unique(both, return_counts=True), (pairs, counts)):
                into.append(values)
            low += len(sketch)
        pair, inverse = np.unique(np.concatenate(pairs), return_inverse=True)
        chunks = np.bincount(inverse, np.concatenate(counts), minlength=len(pair))
        most = np.zeros(len(held.lengths))
        nearest = np.zeros(len(held.lengths), np.int64)
        order = np.argsort(chunks, kind="stable")  # what shares most is written last, and stays
        article, known = np.divmod(pair[order], max(1, self.articles))
        most[article], nearest[article] = chunks[order], known
        share = most / np.maximum(held.lengths, 1)
        return Shared(share, nearest, repeated / max(1, held.chunks))

    def _matches(self, sketch: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Rows of ``sketch`` (n, SKETCH) and the articles that hold the same chunk, each pair
        once."""
        keys, known, owner = self._cells
        # Where rounding moved a number across the border of its cell, it lies in the next one.
        cells = [np.floor((sketch[:, :KEY] + move) / CELL) for move in (-ROUNDING, ROUNDING)]
        border = cells[1] > cells[0]
        matches = [np.zeros(0, np.int64)]
        for corner in product((False, True), repeat=KEY):
            rows = np.flatnonzero((border | ~np.array(corner)).all(axis=1))
            wanted = packed(np.where(corner, cells[1][rows], cells[0][rows]))
            first = np.searchsorted(keys, wanted)
            copies = np.searchsorted(keys, wanted, "right") - first
            copies = np.minimum(copies, MAX_COPIES)
            row = np.repeat(rows, copies)
            place = np.arange(len(row)) + np.repeat(first - np.cumsum(copies) + copies, copies)
            apart = ((sketch[row] - known[place]) ** 2).sum(axis=1)
            same = apart < SKETCH * SAME
            matches.append(row[same] * self.articles + owner[place[same]])
        pairs = np.unique(np.concatenate(matches))
        return np.divmod(pairs, max(1, self.articles))


def sketches(split: Split, most: int | None = None) -> Iterator[np.ndarray]:
    """The projections (n, SKETCH) float32 of a split's unit chunks, in blocks of at most ``most``
    chunks and of bounded memory."""
    directions = np.random.default_rng(0).standard_normal((split.dim, SKETCH)).astype(np.float32)
    for block in split.vector_blocks(most):
        vectors = block.astype(np.float32, copy=False)
        norms = np.sqrt(np.einsum("nd,nd->n", vectors, vectors))
        yield vectors @ directions / norms[:, None]


def packed(cells: np.ndarray) -> np.ndarray:
    """One int64 (n,) for the numbers of a cell (n, KEY), hardly ever the same for two cells."""
    odd = np.random.default_rng(1).integers(0, 1 << 62, KEY) * 2 + 1
    return cells.astype(np.int64) @ odd


def kept(trained: Split, held: Split, find: Callable[[], Shared]) -> Shared:
    """What ``find`` finds of two splits, or found when it was asked of the same chunks before.

    A cache that cannot be read or written costs nothing but time.
    """
    try:
        place = cache_directory() / FOLDER / f"{key(trained, held)}.npy"
    except OutputError:  # nobody's home
        return find()
    with suppress(DataError):
        values = np.array(open_npy(place))
        if values.shape == (2 * len(held.lengths) + 1,) and values.dtype == np.float64:
            of_article, nearest = np.split(values[1:], 2)
            return Shared(of_article, nearest.astype(np.int64), float(values[0]))
    shared = find()
    with suppress(OutputError):
        keep(place, shared)
    return shared


def keep(place: Path, shared: Shared) -> None:
    """Write what was found, and remove what was found long ago."""
    values = np.concatenate([[shared.of_chunks], shared.of_article, shared.nearest])
    with output_errors(place):
        place.parent.mkdir(parents=True, exist_ok=True)
        write_whole(place, lambda file: np.save(file, values))
        files = sorted(place.parent.glob("*.npy"), key=lambda path: path.stat().st_mtime_ns)
        for path in files[:-KEPT]:
            path.unlink(missing_ok=True)


def key(trained: Split, held: Split) -> str:
    """A hash of which chunks both are."""
    chunks = [list(content(split.source)) for split in (trained, held)]
    return hashlib.sha256(json.dumps([VERSION, chunks]).encode()).hexdigest()[:32]


def content(source: dict) -> Iterator[str]:
    """What says which chunks a split has: of one that was joined, of each of its parts, too."""
    yield from (source["content_hash"], source["articles_sha256"])
    for part in source.get("joined", ()):
        yield from content(part)

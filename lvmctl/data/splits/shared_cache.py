"""What two splits share, kept in the user's cache: to find it takes a pass over both."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lvmctl.core.errors import DataError, OutputError
from lvmctl.core.files import output_errors, write_whole
from lvmctl.data.splits.split import Split
from lvmctl.data.store.arrays import open_npy
from lvmctl.data.store.cache import cache_directory

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

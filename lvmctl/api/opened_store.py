"""Stores as users read them: opened from any source, looked at, searched, split into windows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from lvmctl.core.chunks import Chunks
from lvmctl.core.errors import DataError, UsageError, nearest
from lvmctl.core.formatting import count
from lvmctl.core.paths import typed
from lvmctl.data.chunk_source import SplitSource
from lvmctl.data.splits.assign import split_counts
from lvmctl.data.splits.levels import finer_levels
from lvmctl.data.splits.open import select, with_splits
from lvmctl.data.store.info import describe_store
from lvmctl.data.store.store import Store as Stored
from lvmctl.data.windows import Windows

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from lvmctl.api.arrays import Vectors
    from lvmctl.api.ranking import Ranking
    from lvmctl.api.verify import Verification


class OpenedStore:
    """All of :class:`lvmctl.Store` that writes nothing."""

    def __init__(self, stored: Stored, source: str | None, split: str | None = None) -> None:
        self._stored, self._name = stored, split
        self._split = select(stored, split)
        self.source = source
        self.path: Path = stored.path
        self.name: str = self._split.name
        self.dim: int = stored.dim
        self.articles: list[dict[str, Any]] = self._split.articles
        self.lengths: np.ndarray = self._split.lengths
        self.encoder: dict[str, Any] | None = stored.manifest.get("encoder")
        self.notices: tuple[str, ...] = stored.notices

    def __len__(self) -> int:
        """Chunks."""
        return self._split.chunks

    def __repr__(self) -> str:
        chunks, articles = count(len(self), "chunk"), count(len(self.articles), "article")
        size = f"{chunks} of {self.dim} in {articles}"
        return f"<lvmctl.Store {self.name}: {size}>"

    @cached_property
    def _source(self) -> SplitSource:
        """Its sentences and texts, for models that read them."""
        return SplitSource(self._split)

    @cached_property
    def vectors(self) -> np.ndarray:
        """(n, D) float32 or float16, as stored, article after article; mapped where they lie
        together in one file, else copied."""
        rows = self._split.rows()
        if rows[-1] - rows[0] + 1 == len(rows):
            return self._split.vectors[rows[0] : rows[-1] + 1]
        return self._split.vectors[rows]

    @cached_property
    def texts(self) -> list[str] | None:
        """The text of each chunk, (n,); None where the store has none. A DataError where the file
        of texts is damaged."""
        every = list(self._stored.texts())
        return [every[row] for row in self._split.rows()] if every else None

    @property
    def has_texts(self) -> bool:
        """Whether it has the text of each chunk."""
        return self._stored.text_lines is not None

    def read_texts(self, chunks: Iterable[int]) -> list[str]:
        """The texts of some chunks by their numbers in the store or split, in that order; they are
        looked up, and the others not read.

        Raises:
            DataError: the store has no texts, or the file of texts is damaged.
        """
        lines = self._stored.text_lines
        if lines is None:
            raise DataError("has no texts", where=self.name, hint="use a store made from texts")
        return list(lines.take(self._split.rows()[np.asarray(list(chunks), np.int64)]))

    def at(self, chunks: ArrayLike) -> Chunks:
        """Some chunks by their numbers (…) in the store or split, as a model that reads more than
        vectors takes them: ``model.rank(…, read=(store.at(window), store.at(candidates)))``."""
        rows = self._split.rows()[np.asarray(chunks, np.int64)]
        import torch  # late: nothing but reading needs it

        return Chunks(torch.from_numpy(rows), self._source)

    def nearest(
        self,
        vectors: Vectors,
        top: int = 10,
        transform: Callable[[np.ndarray], np.ndarray] | None = None,
    ) -> Ranking:
        """The chunks nearest to vectors: all are compared, in bounded memory.

        Args:
            vectors: (N, D), read as unit vectors.
            top: chunks of each vector; of a smaller store all.
            transform: what the store's chunks go through first, such as
                :meth:`lvmctl.Model.transform` where the vectors are a model's predictions.

        Returns:
            Numbers of chunks and their cosines, (N, top) each, the nearest first.

        Raises:
            DataError: another D, NaN, infinity or a vector of 0. UsageError: ``top`` is below 1.

        Example:
            >>> store = lvmctl.open_store("synth:ar1?articles=20&chunks=12&dim=8")
            >>> store.nearest(store.vectors[:3], top=2).indices[:, 0]
            array([0, 1, 2])
        """
        if top < 1:
            raise UsageError(f"top is {top}", where="nearest", hint="give 1 or more")
        from lvmctl.api.arrays import (
            unit_rows,  # they need torch, which nothing else of a store does
        )
        from lvmctl.api.ranking import Ranking
        from lvmctl.evaluation.retrieval.nearest_chunks import nearest_chunks

        rows = unit_rows(vectors, self.dim, self.name)
        return Ranking(*nearest_chunks(self._split, rows, top, transform))

    @property
    def splits(self) -> dict[str, int]:
        """Articles of each split that is assigned, ``{"train": 80, "val": 10, …}``."""
        return split_counts(self.articles)

    def split(self, name: str, seed: int = 0) -> Self:
        """One split of the store.

        Args:
            name: ``train``, ``val``, ``test`` or ``ood``.
            seed: of the 80/10/10 split by article that a store without splits is given.

        Raises:
            DataError: the store has no article in it. UsageError: it is one split already.
        """
        if self._name is not None:
            raise UsageError(f"is already the split {self._name}", where=self.name)
        source = None if self.source is None else f"{self.source}@{name}"
        return type(self)(with_splits(self._stored, seed), source, name)

    def windows(self, context: int = 5, horizon: int = 1) -> Windows:
        """All windows of ``context`` chunks with the ``horizon``-th unseen chunk as target.

        Raises:
            DataError: no article is long enough.
        """
        return Windows(self._split, context, horizon)

    def describe(self, context: int = 5, horizon: int = 1) -> dict[str, Any]:
        """Sizes, provenance and windows per split as plain data, what ``data info --json`` has."""
        record = describe_store(self._stored, context, horizon, self._name)
        return record | {"notices": list(self.notices)}

    def article(self, article: int | str, chunk: int | None = None) -> dict[str, Any]:
        """One article, named by its id or its number in :attr:`articles`, or one ``chunk`` of it.

        Returns:
            ``id``, ``title``, ``split``, ``length`` and ``chunks``: of each its ``place`` from 0,
            its ``text`` (None without texts) and its ``cosine`` to the one before it.

        Raises:
            UsageError: there is no such article or chunk.
        """
        index = self._number_of(article)
        entry, length = self.articles[index], int(self.lengths[index])
        if chunk is not None and not 0 <= chunk < length:
            what = f"article {entry['id']} has chunks 0 to {length - 1}, no {chunk}"
            raise UsageError(what, where=self.name)
        first = int(self.lengths[:index].sum())
        texts = self.texts and self.texts[first : first + length]
        start = int(self._split.starts[index])
        rows = self._split.unit_rows(start, start + length)
        cosines = [None, *np.einsum("nd,nd->n", rows[1:], rows[:-1]).tolist()]
        places = range(length) if chunk is None else [chunk]
        return {
            "id": entry["id"],
            "title": entry.get("title") or f"article {entry['id']}",
            "split": entry.get("split"),
            "length": length,
            "chunks": [
                {"place": at, "text": texts and texts[at], "cosine": cosines[at]} for at in places
            ],
        }

    def _number_of(self, article: int | str) -> int:
        """The number of an article that is named by its id or by its number."""
        ids = [str(entry["id"]) for entry in self.articles]
        if str(article) in ids:
            return ids.index(str(article))
        if str(article).isdecimal() and int(article) < len(ids):
            return int(article)
        close = nearest(str(article), ids)
        hint = (
            f"did you mean {close}?" if close else f"lvmctl data show {typed(self.path)} lists them"
        )
        raise UsageError(f"there is no article {article!r}", where=self.name, hint=hint)

    @property
    def levels(self) -> list[str]:
        """The names of its finer levels, see :func:`lvmctl.add_level`."""
        return finer_levels(self.path)

    def verify(self) -> Verification:
        """Compare every byte of the store and its levels with the hashes recorded when they were
        written, as ``lvmctl verify`` does. ``verdict`` of the answer is ``OK``, ``CHANGED`` or
        ``UNRECORDED``; ``faults`` are the files that changed.

        Raises:
            UsageError: it is no directory but a window NPZ file or a synthetic world.
        """
        from lvmctl.api.verify import verify

        if not self.path.is_dir():
            hint = "open the directory of a store"
            raise UsageError("has no recorded hashes", where=self.name, hint=hint)
        return verify(self.path)

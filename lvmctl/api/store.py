"""Stores as users have them: opened from any source, looked at, split, cut down and exported."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from lvmctl.api.articles import read_article
from lvmctl.api.store_changes import StoreChanges
from lvmctl.core.chunks import Chunks
from lvmctl.core.errors import DataError, UsageError
from lvmctl.data.chunk_source import SplitSource
from lvmctl.data.splits.assign import split_counts
from lvmctl.data.splits.levels import at_level, finer_levels
from lvmctl.data.splits.open import open_source, require_articles, with_splits
from lvmctl.data.splits.split import Split
from lvmctl.data.store.info import describe_store
from lvmctl.data.store.store import Store as Stored
from lvmctl.data.windows import Windows

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from lvmctl.api.arrays import Vectors
    from lvmctl.api.ranking import Ranking
    from lvmctl.api.verify import Verification

    Source: TypeAlias = "Store | str | os.PathLike[str]"
    Sources: TypeAlias = "Source | Sequence[Source]"


class Store(StoreChanges):
    """Chunk vectors in article order: a whole store, or one split of it.

    Made by :func:`lvmctl.open_store`, :func:`lvmctl.embed` and the other functions that write one.

    Attributes:
        source: the text that opens it again, ``books@val``; None is the demonstration data.
        path: its directory; of an NPZ file or a synthetic world, its name.
        name: what it is called in messages and results.
        dim: D, the width of a vector.
        articles: the manifest's entry of each article in order: ``id``, ``title``, ``split``, ….
        lengths: (A,) int64, chunks of each article.
        encoder: what the manifest says about the encoder, None where that is unknown.
        notices: what you should know about it, one line each.

    Example:
        >>> store = lvmctl.open_store("synth:ar1?articles=20&chunks=12&dim=8")
        >>> len(store), store.dim, store.splits
        (240, 8, {})
        >>> windows = store.split("val").windows(context=5)
        >>> windows.context(np.arange(3)).shape
        (3, 5, 8)
    """

    def __init__(self, stored: Stored, source: str | None, split: str | None = None) -> None:
        self._stored, self._name = stored, split
        self._split = require_articles(Split.of(stored, split), stored)
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
        size = f"{len(self)} chunks of {self.dim} in {len(self.articles)} articles"
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
        return lines.read(self._split.rows()[np.asarray(list(chunks), np.int64)])

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

    def split(self, name: str, seed: int = 0) -> Store:
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
        return Store(with_splits(self._stored, seed), source, name)

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
        return read_article(self, article, chunk)

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

    def _written(self, out: str | os.PathLike[str], notices: Sequence[str] = ()) -> Store:
        return written(out, notices)


def written(out: str | os.PathLike[str], notices: Sequence[str] = ()) -> Store:
    """The store that was just written at ``out``, with what else there is to know about it."""
    store = Store(Stored.open(out), os.fspath(out))
    store.notices = (*notices, *store.notices)
    return store


def source_text(source: Source | None) -> str | None:
    """The text that opens a source; None is the demonstration data."""
    if isinstance(source, Store):
        return source.source
    return None if source is None else os.fspath(source)


def source_texts(sources: Sources) -> tuple[str, ...]:
    """The texts that open some sources, or one."""
    if isinstance(sources, Store | str | os.PathLike):
        sources = [sources]
    texts = [source_text(source) for source in sources]
    return tuple(text for text in texts if text is not None)


def open_store(source: Source | None = None, level: str | None = None) -> Store:
    """Open chunk vectors.

    Args:
        source: a store's directory, a window NPZ file or a synthetic world such as
            ``synth:rotation?articles=100``; ``SOURCE@val`` is one split of it. None is the
            embedded demonstration data.
        level: open this level of it, see :func:`lvmctl.add_level`; ``chunk`` is its own.

    Returns:
        The store; every row of it was read and checked once.

    Raises:
        DataError: nothing usable is there, or the split has no article, or there is no such level.
        UsageError: the text names no source.

    Example:
        >>> store = lvmctl.open_store("synth:rotation?articles=20&chunks=12&dim=8@train")
        >>> store.name, len(store.articles)
        ('synth:rotation?articles=20&chunks=12&dim=8@train', 16)
    """
    text = at_level(source_text(source), level)
    stored, split = open_source(text)
    if split is None:
        return Store(stored, text)
    return Store(with_splits(stored, 0), text, split)

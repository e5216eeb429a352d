"""A split: articles selected from a store, in order."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lvmctl.core.errors import refuse
from lvmctl.data.splits.assign import seeded_articles
from lvmctl.data.store.arrays import BLOCK_BYTES, blocks, release, unit
from lvmctl.data.store.many_files import StoredVectors
from lvmctl.data.store.store import Store


@dataclass(frozen=True)
class Split:
    """Articles of one store, or of several joined.

    Attributes:
        vectors: (N, D) float32 or float16 rows, usually mapped; more than the split's own.
        starts: (A,) int64 first row of each article.
        lengths: (A,) int64 chunks of each article.
        articles: manifest entry of each article (id, title, …).
        name: for messages and manifests, ``books@val``.
        source: where it comes from: ``path``, ``split``, ``content_hash``, ``encoder``,
            ``note`` when the store has one, and ``articles_sha256``, which with the content hash
            says which rows these are, whatever the store is called (always added).
        unit: rows have norm 1 within 1e-3.
        exact: rows have norm 1 within 1e-6, so reading needs no normalising.
        target_row: None, or K for a window-only store with horizon above 1: each article is K
            chunks and then its target.
        horizon: the horizon of such windows, else None.
        separate: articles are windows of their own, which may overlap, and nothing that needs
            whole articles can be computed.
        notices: what a user should hear about it.
        backward: articles are read from their end; row ``start + i`` is the chunk that has i chunks
            behind it.
        whole: the split that this is a part of, whose chunks are the candidates of global pools;
            None where it is whole itself. Both have the same vectors.
        joined: the splits of several stores whose articles these are, one after another; nothing
            where they are of one store.
    """

    vectors: StoredVectors
    starts: np.ndarray
    lengths: np.ndarray
    articles: list[dict[str, Any]]
    name: str
    source: dict[str, Any]
    unit: bool = True
    exact: bool = False
    target_row: int | None = None
    horizon: int | None = None
    separate: bool = False
    notices: tuple[str, ...] = ()
    backward: bool = False
    whole: Split | None = None
    joined: tuple[Split, ...] = ()

    def __post_init__(self) -> None:
        chosen = hashlib.sha256(f"{self.target_row}/{self.horizon}/".encode())
        for values in (self.starts, self.lengths):
            chosen.update(np.ascontiguousarray(values, "<i8").tobytes())
        source = {**self.source, "articles_sha256": chosen.hexdigest()}
        object.__setattr__(self, "source", source)  # the dataclass is frozen

    @classmethod
    def of(cls, store: Store, split: str | None = None) -> Split:
        """The articles of ``store`` in ``split``; all of them when None."""
        chosen = [i for i, a in enumerate(store.articles) if split in (None, a.get("split"))]
        index = np.array(chosen, np.int64)
        source = {
            "path": str(store.path),
            "split": split,
            "content_hash": store.content_hash,
            "encoder": store.manifest.get("encoder"),
        }
        if "note" in store.manifest:
            source["note"] = store.manifest["note"]
        context, horizon = store.window_shape or (None, None)
        return cls(
            vectors=store.vectors,
            starts=store.offsets[:-1][index],
            lengths=store.lengths[index],
            articles=[store.articles[i] for i in chosen],
            name=f"{store.name}@{split}" if split else store.name,
            source=source,
            unit=store.unit,
            exact=store.exact,
            target_row=context,
            horizon=horizon,
            separate=store.separate,
            notices=store.notices,
        )

    @property
    def dim(self) -> int:
        """D, the width of a vector."""
        return self.vectors.shape[1]

    @property
    def chunks(self) -> int:
        """Chunks in the split's articles."""
        return int(self.lengths.sum())

    def unit_rows(self, low: int, high: int) -> np.ndarray:
        """Rows ``low:high`` of :attr:`vectors`, (high - low, D) float32 of unit norm."""
        return unit(self.vectors[low:high])

    def store_row(self, article: int, row: int) -> int:
        """The row that a chunk of :attr:`vectors` has in the store, where its text is looked up."""
        start, length = int(self.starts[article]), int(self.lengths[article])
        return 2 * start + length - 1 - row if self.backward else row

    def by_store(self, rows: np.ndarray) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
        """Of chunks with ``rows`` (n,) of :attr:`vectors`: the number of a store among those that
        were joined, which of them are of it (n,) bool, and their rows in that store."""
        if self.backward:
            order = np.argsort(self.starts)
            article = order[np.searchsorted(self.starts[order], rows, side="right") - 1]
            rows = 2 * self.starts[article] + self.lengths[article] - 1 - rows
        if not self.joined:
            yield 0, np.ones(len(rows), bool), rows
            return
        ends = np.cumsum([part.chunks for part in self.joined])
        store = np.searchsorted(ends, rows, side="right")
        for number in np.unique(store):
            part, of_it = self.joined[number], store == number
            yield int(number), of_it, part.rows()[rows[of_it] - (ends[number] - part.chunks)]

    def vector_blocks(self, most: int | None = None) -> Iterator[np.ndarray]:
        """The vectors (n, D) of the split's chunks as they are stored, article after article, in
        blocks of bounded memory and at most ``most`` chunks."""
        rows = self.rows()
        step = max(1, BLOCK_BYTES // (8 * self.dim))
        step = step if most is None else min(step, most)
        for low in range(0, len(rows), step):
            block = rows[low : low + step]
            together = (np.diff(block) == 1).all()
            yield self.vectors[block[0] : block[-1] + 1] if together else self.vectors[block]
            release(self.vectors)

    def article_blocks(self) -> Iterator[tuple[int, int]]:
        """Bounds ``(low, high)`` of rows of one article, in order, as in :func:`.blocks`."""
        for start, length in zip(self.starts.tolist(), self.lengths.tolist()):
            for low, high in blocks(length, self.dim * 8):
                yield start + low, start + high

    def rows(self) -> np.ndarray:
        """Row (N,) int64 of each chunk of the split's articles, article after article."""
        before = np.cumsum(self.lengths) - self.lengths
        return np.repeat(self.starts - before, self.lengths) + np.arange(self.chunks)

    def mean(self) -> np.ndarray:
        """Mean of the split's unit chunks, (D,) float32."""
        total = np.zeros(self.dim)
        for low, high in self.article_blocks():
            total += self.unit_rows(low, high).sum(axis=0, dtype=np.float64)
        return (total / max(self.chunks, 1)).astype(np.float32)

    def take(self, index: np.ndarray) -> Split:
        """The articles numbered ``index``, in that order."""
        articles = [self.articles[i] for i in index]
        return replace(
            self, starts=self.starts[index], lengths=self.lengths[index], articles=articles
        )

    def subset(
        self, windows: int, context: int, horizon: int, seed: int, every_split: bool = False
    ) -> Split:
        """Whole articles in a seeded order until they hold at least ``windows`` windows.

        All of them when there are fewer. The articles keep the split's order.

        Args:
            every_split: of a store's split that would be lost, keep one article.
        """
        counts = windows_per_article(self, context, horizon)
        chosen = seeded_articles(counts, windows, seed, "subset")
        if every_split:
            names = np.array([str(article.get("split")) for article in self.articles])
            for name in sorted(set(names) - set(names[chosen])):
                first = seeded_articles(np.where(names == name, counts, 0), 1, seed, "subset")
                chosen = np.append(chosen, first)
        chosen = np.sort(chosen)
        rule = {"windows": windows, "context": context, "horizon": horizon, "seed": seed}
        return replace(self.take(chosen), source={**self.source, "subset": rule})


def windows_per_article(split: Split, context_length: int, horizon: int) -> np.ndarray:
    """(A,) int64 windows that each article of ``split`` holds."""
    if split.target_row is None:
        return np.maximum(split.lengths - (context_length - 1 + horizon), 0)
    ahead, k = split.horizon, split.target_row
    what = f"holds separate windows whose target is {ahead} chunks ahead, not horizon {horizon}"
    hint = f"use --horizon {ahead}, or import files with article_ids and target_indices"
    refuse(horizon != ahead, what, split.name, hint)
    what = f"holds separate windows of {k} chunks, context {context_length} cannot be computed"
    refuse(context_length > k, what, split.name, f"use --context {k} or less")
    return np.ones(len(split.lengths), np.int64)

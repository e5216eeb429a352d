"""What was measured of the windows of training articles, once for all epochs."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch
from lvmctl_ranker.features import Numbers
from torch import Tensor

from lvmctl import Chunks, Pool

ROOM = 750_000_000
"""Numbers of two bytes that are kept."""

TOGETHER = 16
"""Contexts that are scored at once, with others of their size."""

Measure = Callable[[Tensor, Pool], Iterable[Numbers]]
"""Numbers of contexts and a pool, a few contexts at a time."""


@dataclass(frozen=True, slots=True)
class Whole:
    """A context whose window and candidates are chunks that follow each other, as those of an
    article do.

    Attributes:
        row: of the context in the batch.
        first, last: rows of the oldest and of the newest of the chunks.
        start: the window's place among them.
        place: (n,) int64, where the candidates stand in the pool, in their order.
    """

    row: int
    first: int
    last: int
    start: int
    place: np.ndarray


class MeasuredArticles:
    """Numbers of all windows of an article, measured when one of them is first asked for and kept
    in half precision. An article's numbers are always the same, whenever they are measured.

    Which chunks are an article is seen from their rows. These serve for nothing else.
    """

    def __init__(self) -> None:
        self.articles: OrderedDict[tuple, Numbers] = OrderedDict()
        self.sources: dict[int, Any] = {}  # so that no other object has their id
        self.used = 0

    def __deepcopy__(self, memo: dict) -> MeasuredArticles:
        return MeasuredArticles()

    def __reduce__(self) -> tuple:
        return MeasuredArticles, ()

    def forget(self) -> None:
        """Begin anew."""
        self.articles.clear()
        self.sources.clear()
        self.used = 0

    def blocks(
        self, wholes: list[Whole], measure: Measure, context: Tensor, pool: Pool
    ) -> Iterator[tuple[Numbers, Tensor, Tensor]]:
        """Numbers of some contexts of a batch at a time, and in what row of it and where in its
        pools the ``real`` ones of them stand."""
        wholes = sorted(wholes, key=lambda whole: len(whole.place), reverse=True)
        for low in range(0, len(wholes), TOGETHER):
            some = wholes[low : low + TOGETHER]
            each = [self.article(one, measure, context, pool) for one in some]
            rows = [np.full(len(one.place), one.row) for one in some]
            places = [one.place for one in some]
            starts = [one.start for one in some]
            row, place = (torch.from_numpy(np.concatenate(x)) for x in (rows, places))
            yield joined(each, starts, context), row.to(context.device), place.to(context.device)

    def article(self, one: Whole, measure: Measure, context: Tensor, pool: Pool) -> Numbers:
        """Of all windows of an article, half precision; N are the candidates of each window."""
        assert pool.chunks is not None
        assert pool.article is not None
        source, article = pool.chunks.source, int(pool.article[one.row])
        key = (id(source), article, one.first, one.last)
        if key in self.articles:
            self.articles.move_to_end(key)
            return self.articles[key]
        self.sources[id(source)] = source
        made = self.articles[key] = half(measure(*whole_article(one, context, pool)))
        self.used += size(made)
        while self.used > ROOM and len(self.articles) > 1:
            self.used -= size(self.articles.popitem(last=False)[1])
        return made


def wholes_of(pool: Pool) -> list[Whole | None]:
    """What is whole of a batch whose contexts have pools of their own."""
    assert pool.window is not None
    assert pool.chunks is not None
    windows, chunks = pool.window.rows.cpu().numpy(), pool.chunks.rows.cpu().numpy()
    real = pool.candidates.cpu().numpy()
    if pool.window.source is not pool.chunks.source:
        return [None] * len(real)
    return [whole(row, *each) for row, each in enumerate(zip(windows, chunks, real))]


def whole(row: int, window: np.ndarray, chunks: np.ndarray, real: np.ndarray) -> Whole | None:
    """A context, if it is whole: its window (K,), its pool (N,), and what is a candidate in it."""
    place = np.flatnonzero(real)
    every = np.concatenate([window, chunks[place]])
    first, last = int(every.min()), int(every.max())
    follows = (np.diff(window) == 1).all()
    if not follows or last - first + 1 != len(every) or len(np.unique(every)) != len(every):
        return None
    place = place[np.argsort(chunks[place])]
    return Whole(row, first, last, int(window[0]) - first, place)


def whole_article(one: Whole, context: Tensor, pool: Pool) -> tuple[Tensor, Pool]:
    """All windows of an article that a chunk follows or goes before, and their pool."""
    assert pool.chunks is not None
    assert pool.article is not None
    n, k = one.last - one.first + 1, context.shape[1]
    vectors = context.new_empty(n, context.shape[2])
    inside = np.arange(one.start, one.start + k)
    outside = np.delete(np.arange(n), inside)
    vectors[inside] = context[one.row]
    vectors[outside] = pool.vectors[one.row, torch.from_numpy(one.place)]
    windows = torch.arange(n - k + 1)[:, None] + torch.arange(k)
    candidates = torch.ones(len(windows), n, dtype=torch.bool).scatter(1, windows, False)
    source, reads = pool.chunks.source, pool.chunks.reads
    window, chunks = (
        Chunks(rows + one.first, source, reads) for rows in (windows, torch.arange(n))
    )
    article = pool.article[one.row].expand(len(windows))
    device = context.device
    return vectors[windows], Pool(vectors, candidates.to(device), article, window, chunks)


def half(blocks: Iterable[Numbers]) -> Numbers:
    """Of candidates alone, which are as many in every window, in half precision."""
    parts: dict[str, list[Tensor]] = {}
    for block in blocks:
        count = int(block.real[0].sum())
        for name, value in values(block):
            if name in ("measures", "more", "along_axes"):
                value = value[block.real].view(len(value), count, -1)
            parts.setdefault(name, []).append(value.half() if value.is_floating_point() else value)
    parts["real"] = [each.new_ones(len(each), 1) for each in parts["real"]]
    return Numbers(**{name: torch.cat(each) for name, each in parts.items()})


def joined(articles: list[Numbers], starts: list[int], like: Tensor) -> Numbers:
    """The numbers of a window of each article, beside each other."""
    counts = torch.tensor([each.measures.shape[1] for each in articles], device=like.device)
    most = int(counts.max())
    made: dict[str, Tensor] = {"real": torch.arange(most, device=like.device) < counts[:, None]}
    for name, first in values(articles[0]):
        rows = [getattr(each, name)[start] for each, start in zip(articles, starts)]
        if name in ("measures", "more", "along_axes"):
            made[name] = like.new_zeros(len(rows), most, first.shape[-1])
            for row, value in enumerate(rows):
                made[name][row, : len(value)] = value
        elif name != "real":
            value = torch.stack(rows)
            made[name] = value.to(like) if value.is_floating_point() else value
    return Numbers(**made)


def values(numbers: Numbers) -> Iterator[tuple[str, Tensor]]:
    """The tensors by name, without those that are not there."""
    for field in fields(numbers):
        value = getattr(numbers, field.name)
        if value is not None:
            yield field.name, value


def size(numbers: Numbers) -> int:
    """How many numbers they are."""
    return sum(value.numel() for _, value in values(numbers))

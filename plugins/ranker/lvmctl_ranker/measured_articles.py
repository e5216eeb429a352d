"""What a scorer reads of the windows of training articles, worked out once for all epochs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from lvmctl import Chunks, Pool
from lvmctl_ranker.features import Numbers, Rows, joined

if TYPE_CHECKING:
    from lvmctl import Windows

ROOM = 750_000_000
"""Numbers of two bytes that are kept."""

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


@dataclass(frozen=True, slots=True)
class Article:
    """What a scorer reads of the N candidates of each of W windows, in half precision.

    Attributes:
        features: (W, N, F).
        extra: (W, N, E), None where nothing is fitted.
        known: (W,) bool, None where nothing is fitted.
    """

    features: Tensor
    extra: Tensor | None
    known: Tensor | None

    def window(self, start: int) -> Rows:
        """Of one window."""
        features = self.features[start]
        context = torch.zeros(len(features), dtype=torch.long, device=features.device)
        extra = None if self.extra is None else self.extra[start]
        known = None if self.known is None else self.known[start, None]
        return Rows(features, extra, known, context)


class MeasuredArticles:
    """What a scorer reads of all windows of an article, worked out when one of them is first asked
    for. It is always the same, whenever that is.

    Which chunks are an article is seen from their rows. These serve for nothing else.
    """

    def __init__(self) -> None:
        self.articles: dict[tuple, Article] = {}
        self.sources: dict[int, Any] = {}  # so that no other object has their id

    def __deepcopy__(self, memo: dict) -> MeasuredArticles:
        return MeasuredArticles()

    def __reduce__(self) -> tuple:
        return MeasuredArticles, ()

    def forget(self) -> None:
        """Begin anew."""
        self.articles.clear()
        self.sources.clear()

    def rows(
        self, wholes: list[Whole], measure: Measure, context: Tensor, pool: Pool
    ) -> tuple[Rows, Tensor, Tensor]:
        """What is read of the candidates of some contexts of a batch, and in what row of it and
        where in its pools they stand."""
        each = [self.article(one, measure, context, pool).window(one.start) for one in wholes]
        row = np.repeat([one.row for one in wholes], [len(one.place) for one in wholes])
        place = np.concatenate([one.place for one in wholes])
        where = [torch.from_numpy(x).to(context.device) for x in (row, place)]
        return joined(each).to(context), where[0], where[1]

    def article(self, one: Whole, measure: Measure, context: Tensor, pool: Pool) -> Article:
        """Of all windows of an article; N are the candidates of each window."""
        assert pool.chunks is not None
        assert pool.article is not None
        source, article = pool.chunks.source, int(pool.article[one.row])
        key = (id(source), article, one.first, one.last)
        if key not in self.articles:
            self.sources[id(source)] = source
            self.articles[key] = half(measure(*whole_article(one, context, pool)))
        return self.articles[key]


def articles_with_room(windows: Windows, width: int) -> int:
    """Of how many articles, from the first on, there is room for ``width`` numbers of each
    candidate of each window."""
    numbers = np.unique(windows.article)
    candidates = windows.split.lengths[numbers] - windows.context_length
    held = ((candidates + 1) * candidates * width).cumsum()
    full = int(np.searchsorted(held, ROOM, side="right"))
    return int(numbers[full]) if full < len(numbers) else len(windows.split.lengths)


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
    place = place[np.argsort(chunks[place])]
    every = np.sort(np.concatenate([window, chunks[place]]))
    if (np.diff(window) != 1).any() or (np.diff(every) != 1).any():
        return None
    return Whole(row, int(every[0]), int(every[-1]), int(window[0] - every[0]), place)


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


def half(blocks: Iterable[Numbers]) -> Article:
    """Of candidates alone, which are as many in every window, in half precision."""
    made = [(block.real_rows(), len(block.real)) for block in blocks]
    features = [rows.features.half().view(size, -1, rows.features.shape[-1]) for rows, size in made]
    extra = [
        rows.extra.half().view(size, -1, rows.extra.shape[-1])
        for rows, size in made
        if rows.extra is not None
    ]
    known = [rows.known for rows, _ in made if rows.known is not None]
    return Article(
        torch.cat(features),
        torch.cat(extra) if extra else None,
        torch.cat(known) if known else None,
    )

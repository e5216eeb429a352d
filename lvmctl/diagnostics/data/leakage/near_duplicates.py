"""Chunks of different articles whose vectors are nearly the same: an exact blocked search.

Every pair of chunks is looked at, but most of them only through a sketch: with P the projection on
a few directions, cos(x, y) ≤ Px·Py + √(1 − ‖Px‖²)·√(1 − ‖Py‖²) by Cauchy and Schwarz, which is a
product of short vectors. Pairs it cannot exclude are computed in full, and in float64 unless
float32 is beyond doubt. Memory is bounded but for some numbers per chunk.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch

from lvmctl.data import Split
from lvmctl.data.store.arrays import blocks, release, unit
from lvmctl.evaluation.retrieval.blocks import (
    BLOCK,
    Scratch,
    above,
    exact_cosines,
    float32_products,
    product,
    rounding,
    slices,
    workers,
)

SKETCH = 32
"""Directions of a sketch."""
SKETCH_BYTES = 1 << 28
"""Bytes of all sketches; more chunks have shorter ones."""
SAMPLE = 16_384
"""Chunks that choose the directions."""
SMALL = 2048
"""So many pairs of a tile are sooner computed one by one than as a product of matrices."""
SLACK = 1e-4
"""Added to a residue's square: rounding can then only raise the bound."""


class Chunks:
    """All chunks of some splits of one dimension, article after article.

    Attributes:
        splits: where they are.
        part: (N,) int8 which split each chunk is of.
        row: (N,) int64 its row there.
        article: (N,) int64 its article, numbered through all splits.
        position: (N,) int64 its place in the article.
        first_article: (S + 1,) int64 number of each split's first article.
    """

    def __init__(self, splits: Sequence[Split]) -> None:
        self.splits = tuple(splits)
        rows = [split.rows() for split in splits]
        lengths = np.concatenate([split.lengths for split in splits])
        before = np.cumsum(lengths) - lengths
        self.part = np.repeat(np.arange(len(rows), dtype=np.int8), [len(part) for part in rows])
        self.row = np.concatenate(rows)
        self.article = np.repeat(np.arange(len(lengths)), lengths)
        self.position = np.arange(len(self.row)) - np.repeat(before, lengths)
        self.first_article = np.cumsum([0, *(len(split.lengths) for split in splits)])

    def __len__(self) -> int:
        return len(self.row)

    @property
    def dim(self) -> int:
        """D, the width of a vector."""
        return self.splits[0].dim

    def stored(self, index: np.ndarray) -> np.ndarray:
        """Vectors (n, D) float32 of the chunks ``index``, as they are stored."""
        vectors = np.empty((len(index), self.dim), np.float32)
        for number, split in enumerate(self.splits):
            chosen = self.part[index] == number
            if chosen.any():
                vectors[chosen] = split.vectors[self.row[index[chosen]]]
        return vectors

    def release(self) -> None:
        """Let the system take back what was read."""
        for split in self.splits:
            release(split.vectors)


class Repeats:
    """Each chunk's near-duplicates in other articles.

    Attributes:
        articles: (N,) int64 other articles that hold one.
        count: (N, S) int64 how many each split holds.
        cosine: (N, S) float64 of the nearest in each split; −inf where there is none.
        partner: (N, S) int64 which chunk that is; −1 where there is none.
    """

    def __init__(self, chunks: Chunks) -> None:
        shape = (len(chunks), len(chunks.splits))
        self.chunks = chunks
        self.articles = np.zeros(len(chunks), np.int64)
        self.count = np.zeros(shape, np.int64)
        self.cosine = np.full(shape, -np.inf)
        self.partner = np.full(shape, -1, np.int64)
        self._latest = np.full(len(chunks), -1, np.int64)

    def add(self, chunk: np.ndarray, other: np.ndarray, cosine: np.ndarray) -> None:
        """Take note of pairs (n,) each, sorted by ``chunk`` and then by ``other``.

        A chunk's others must come in ascending order from call to call as well, so that an article
        that lies in several tiles is counted once.
        """
        if not len(chunk):
            return
        article, part = self.chunks.article[other], self.chunks.part[other]
        first = np.r_[True, chunk[1:] != chunk[:-1]]
        new = np.r_[True, article[1:] != article[:-1]] | first
        new[first] = article[first] != self._latest[chunk[first]]
        last = np.r_[first[1:], True]
        self._latest[chunk[last]] = article[last]
        np.add.at(self.articles, chunk[new], 1)
        np.add.at(self.count, (chunk, part), 1)
        order = np.argsort(cosine, kind="stable")
        order = order[cosine[order] > self.cosine[chunk[order], part[order]]]
        # Of several values for one place the last is kept, which is the greatest.
        self.cosine[chunk[order], part[order]] = cosine[order]
        self.partner[chunk[order], part[order]] = other[order]


def find_repeats(
    chunks: Chunks, threshold: float, progress: Callable[[int], object] = lambda n: None
) -> Repeats:
    """Near-duplicates of every chunk in articles other than its own: pairs whose cosine, in
    float64, is above ``threshold``. ``progress`` is called with how many more tiles are done,
    :func:`tiles` in the end."""
    repeats, search = Repeats(chunks), TileSearch(chunks, threshold)
    sides = [(side.start, side.stop) for side in slices(len(chunks), BLOCK)]
    with float32_products(), workers() as pool:
        for number, left in enumerate(sides):
            row = [(left, right) for right in sides[number:]]
            for (_, right), (first, second, cosine) in zip(row, pool.map(search.pairs, row)):
                repeats.add(first, second, cosine)
                if right > left:  # a tile on the diagonal holds every pair both ways
                    order = np.argsort(second, kind="stable")
                    repeats.add(second[order], first[order], cosine[order])
                progress(1)
            chunks.release()
    return repeats


def tiles(chunks: Chunks) -> int:
    """Tiles that :func:`find_repeats` looks at."""
    sides = -(-len(chunks) // BLOCK)
    return sides * (sides + 1) // 2


def sketches(chunks: Chunks) -> np.ndarray:
    """(N, r + 1) float32 whose products bound cosines from above; r ≤ D directions."""
    sample = np.arange(0, len(chunks), -(-len(chunks) // SAMPLE))
    moment = torch.zeros(chunks.dim, chunks.dim)
    for low, high in blocks(len(sample), 4 * chunks.dim):
        rows = torch.from_numpy(unit(chunks.stored(sample[low:high])))
        moment += rows.T @ rows
    room = SKETCH_BYTES // (4 * len(chunks)) - 1
    width = min(chunks.dim, SKETCH, max(room, 8))
    axes = torch.linalg.eigh(moment.double())[1][:, -width:].float()
    sketch = np.empty((len(chunks), width + 1), np.float32)
    for low, high in blocks(len(chunks), 4 * chunks.dim):
        rows = torch.from_numpy(unit(chunks.stored(np.arange(low, high))))
        seen = product(rows, axes.T, *torch.empty(2, len(rows), width)).numpy()
        rest = 1 - np.einsum("nr,nr->n", seen, seen)
        sketch[low:high, :-1] = seen
        sketch[low:high, -1] = np.sqrt(np.maximum(rest, 0) + SLACK)
        chunks.release()
    return sketch


class TileSearch:
    """Compares blocks of chunks with blocks of chunks; several threads may ask at once."""

    def __init__(self, chunks: Chunks, threshold: float) -> None:
        self.chunks, self.threshold = chunks, threshold
        self.sketch = torch.from_numpy(sketches(chunks))
        self.scratch = Scratch()

    def pairs(
        self, sides: tuple[tuple[int, int], tuple[int, int]]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Pairs above the threshold, row by row, of the two blocks with the bounds ``sides``: two
        chunks of different articles, (n,) int64 each, and their cosine (n,) float64."""
        first, second = self._possible(*sides)
        if len(first) <= SMALL:
            cosine = exact(self.chunks, first, second)
            is_repeat = cosine > self.threshold
        else:
            left, right = (unit(self.chunks.stored(np.arange(*side))) for side in sides)
            scores = self._product(*map(torch.from_numpy, (left, right)))
            cosine = scores[first - sides[0][0], second - sides[1][0]].astype(np.float64)
            is_repeat = above(
                cosine,
                self.threshold,
                self.chunks.dim,
                lambda pair: exact(self.chunks, first[pair], second[pair]),
            )
        return first[is_repeat], second[is_repeat], cosine[is_repeat]

    def _possible(
        self, left: tuple[int, int], right: tuple[int, int]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Pairs of different articles that the sketches cannot exclude."""
        bound = self._product(self.sketch[slice(*left)], self.sketch[slice(*right)])
        floor = self.threshold - 3 * rounding(self.chunks.dim)
        rows = np.flatnonzero(bound.max(axis=1) > floor)
        row, column = np.nonzero(bound[rows] > floor)
        first, second = rows[row] + left[0], column + right[0]
        apart = self.chunks.article[first] != self.chunks.article[second]
        return first[apart], second[apart]

    def _product(self, left: torch.Tensor, right: torch.Tensor) -> np.ndarray:
        """(m, n) float32, which the thread's next product overwrites."""
        return product(left, right, *self.scratch.pair(len(left), len(right))).numpy()


def exact(chunks: Chunks, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Cosines (n,) float64, at most 1, of pairs of chunks."""
    sides = (lambda part: chunks.stored(first[part])), (lambda part: chunks.stored(second[part]))
    return exact_cosines(*sides, len(first), chunks.dim)

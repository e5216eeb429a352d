"""Windows whose query or target occurs again in the article it is ranked in."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from lvmctl.data import Split, Windows
from lvmctl.data.store.arrays import BLOCK_BYTES, blocks, release, unit
from lvmctl.evaluation.retrieval.blocks import above, exact_cosines, float32_products, product
from lvmctl.evaluation.retrieval.ranks import by_article


def recurrences(
    windows: Windows, threshold: float, progress: Callable[[int], object] = lambda n: None
) -> dict[str, np.ndarray]:
    """Which of W windows find a near-duplicate, whose cosine in float64 is above ``threshold``,
    inside their own article.

    Returns:
        (W,) bool each: ``last``, the query of ``direct``, is again among the candidates (the
        article without the window); ``target`` is again among them; ``copied``, the target is in
        the window already.
    """
    recurs = {name: np.zeros(len(windows), bool) for name in ("last", "target", "copied")}
    with float32_products():
        for article, start, length in by_article(windows, np.arange(len(windows))):
            step = max(BLOCK_BYTES // (13 * length), 1)
            for low in range(article.start, article.stop, step):
                part = slice(low, min(low + step, article.stop))
                for name, hit in _recur(windows, part, start, length, threshold).items():
                    recurs[name][part] = hit
                progress(part.stop - low)
    release(windows.split.vectors)
    return recurs


def _recur(
    windows: Windows, part: slice, start: int, length: int, threshold: float
) -> dict[str, np.ndarray]:
    """:func:`recurrences` of the windows ``part``, which are of one article."""
    first, recurs = windows.position[part], {}
    index, ends = np.arange(len(first)), first + windows.context_length
    for name, offset in (("last", windows.context_length - 1), ("target", windows.target_offset)):
        again = _alike(windows.split, start, length, first + offset, threshold)
        before = np.zeros((len(first), length + 1), np.int32)
        np.cumsum(again, axis=1, out=before[:, 1:])
        inside = before[index, ends] - before[index, first]
        recurs[name] = before[:, -1] > inside
    return recurs | {"copied": inside > 0}


def _alike(
    split: Split, start: int, length: int, place: np.ndarray, threshold: float
) -> np.ndarray:
    """(n, length) bool: which other chunks of an article near-duplicate those at ``place`` (n,)."""
    stored = split.vectors
    query = torch.from_numpy(unit(stored[start + place]))
    alike = np.empty((len(place), length), bool)
    for low, high in blocks(length, 4 * split.dim):
        chunks = torch.from_numpy(split.unit_rows(start + low, start + high))
        cosine = product(query, chunks, *torch.empty(2, len(query), len(chunks))).numpy()

        def exact(row: np.ndarray, column: np.ndarray, first: int = start + low) -> np.ndarray:
            left, right = start + place[row], first + column
            rows = (lambda part: stored[left[part]]), (lambda part: stored[right[part]])
            return exact_cosines(*rows, len(row), split.dim)

        alike[:, low:high] = above(cosine, threshold, split.dim, exact)
    alike[np.arange(len(place)), place] = False
    return alike

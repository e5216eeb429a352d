"""How alike chunks are by distance, and why two common figures say nothing of direction.

METHODS §2.1, §2.2: a mean of pairwise cosines is the same read forward and backward.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lvmctl.data.splits.split import Split
from lvmctl.evaluation.statistics.intervals import Interval, Resampling

LIMIT = (
    "The telescoping statistic cannot show a direction: inside an article its terms cancel, all "
    "but the first and the last cosine remain, so it shrinks as 2/n on every store, whichever way "
    "the text is read."
)


@dataclass(frozen=True)
class LagCosine:
    """r(k), the mean cosine of chunks k apart.

    Attributes:
        value: in [-1, 1].
        ci: 95 % interval over articles; NaN for fewer than two articles.
        pairs: how many pairs it is the mean of.
    """

    value: float
    ci: Interval
    pairs: int


@dataclass(frozen=True)
class Telescoping:
    """Mean of cos(x_t, x_{t+1}) - cos(x_t, x_{t-1}) over the chunks that have both neighbours.

    Attributes:
        value: the mean.
        ci: 95 % interval over articles; NaN for fewer than two articles.
        bound: 2A/n, which |value| cannot exceed, for n such chunks in A articles.
        chunks: n.
        articles: A, the articles of at least three chunks.
    """

    value: float
    ci: Interval
    bound: float
    chunks: int
    articles: int


def lag_curve(
    split: Split, resampling: Resampling, lags: int = 10
) -> tuple[dict[int, LagCosine], Telescoping | None]:
    """r(1) … r(lags), pooled over all pairs inside articles, and the telescoping statistic.

    Args:
        split: articles in reading order.
        resampling: of ``split``'s articles.
        lags: the largest distance.

    Returns:
        The lags that some article is long enough for; and the statistic, None where no article
        has three chunks. One article is read at a time.
    """
    articles = len(split.lengths)
    sums, counts = np.zeros((lags + 1, articles)), np.zeros((lags + 1, articles))
    steps = np.zeros(articles)
    for number, (start, length) in enumerate(zip(split.starts, split.lengths)):
        chunks = split.unit_rows(start, start + length)
        for lag in range(1, min(lags, length - 1) + 1):
            cosines = np.einsum("td,td->t", chunks[:-lag], chunks[lag:]).astype(np.float64)
            sums[lag, number], counts[lag, number] = cosines.sum(), len(cosines)
            if lag == 1:
                steps[number] = np.diff(cosines).sum()
    every = np.arange(articles)
    found = [lag for lag in range(1, lags + 1) if counts[lag].any()]
    columns = {str(lag): (sums[lag], every, counts[lag]) for lag in found}
    interior = np.maximum(split.lengths - 2, 0)
    if interior.any():
        columns["telescoping"] = (steps, every, interior)
    ends = resampling.intervals(columns)
    curve = {
        lag: LagCosine(
            float(sums[lag].sum() / counts[lag].sum()), ends[str(lag)], int(counts[lag].sum())
        )
        for lag in found
    }
    if not interior.any():
        return curve, None
    chunks, long = int(interior.sum()), int((interior > 0).sum())
    value = float(steps.sum() / chunks)
    return curve, Telescoping(value, ends["telescoping"], 2 * long / chunks, chunks, long)


def recency(
    split: Split, resampling: Resampling, context: int
) -> dict[str, tuple[float, Interval]] | None:
    """How much nearer a chunk is to its neighbour than to the chunk K away, both ways of reading.

    Forward it is the mean of cos(x_{t+K-1}, x_{t+K}) - cos(x_t, x_{t+K}) over all windows and their
    targets, backward of cos(x_t, x_{t+1}) - cos(x_t, x_{t+K}): positive for coherent text both ways
    (METHODS §2.2).

    Args:
        split: articles in reading order.
        resampling: of ``split``'s articles.
        context: K.

    Returns:
        ``forward`` and ``backward``, each with its 95 % interval over articles; None where no
        article has K + 1 chunks.
    """
    counts = np.maximum(split.lengths - context, 0)
    if not counts.any():
        return None
    sums = np.zeros((2, len(counts)))
    for number in np.flatnonzero(counts):
        start, count = split.starts[number], counts[number]
        chunks = split.unit_rows(start, start + split.lengths[number])
        near = np.einsum("td,td->t", chunks[:-1], chunks[1:]).astype(np.float64)
        far = np.einsum("td,td->t", chunks[:-context], chunks[context:]).sum(dtype=np.float64)
        sums[:, number] = near[context - 1 :].sum() - far, near[:count].sum() - far
    columns = {
        name: (values, np.arange(len(counts)), counts)
        for name, values in zip(("forward", "backward"), sums)
    }
    ends = resampling.intervals(columns)
    return {name: (float(columns[name][0].sum() / counts.sum()), ends[name]) for name in columns}

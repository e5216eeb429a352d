"""How alike chunks are by distance, and why two common figures say nothing of direction.

docs/methods.md#telescoping, #recency: a mean of pairwise cosines is the same read forward and
backward.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lvmctl.data.splits.split import Split
from lvmctl.diagnostics.estimates import estimate_record
from lvmctl.evaluation.statistics.intervals import Resampling

LAGS = 10
"""The largest distance of the curve."""

LIMIT = (
    "The telescoping statistic cannot show a direction: inside an article its terms cancel, all "
    "but the first and the last cosine remain, so it shrinks as 2/n on every store, whichever way "
    "the text is read."
)


def lag_curve(
    split: Split, resampling: Resampling
) -> tuple[dict[str, dict[str, Any]], dict[str, Any] | None]:
    """r(1) … r(10), the mean cosine of chunks k apart, and the telescoping statistic.

    The statistic is the mean of cos(x_t, x_{t+1}) - cos(x_t, x_{t-1}) over the n chunks that have
    both neighbours.

    Returns:
        By lag, where some article is long enough, ``value`` in [-1, 1], ``ci`` over articles and
        the number of ``pairs``. Of the statistic ``value``, ``ci``, ``chunks`` n, ``articles`` A of
        at least three chunks and ``bound`` 2A/n, which |value| cannot exceed; None for A = 0.
    """
    articles = len(split.lengths)
    sums, counts = np.zeros((LAGS + 1, articles)), np.zeros((LAGS + 1, articles))
    steps = np.zeros(articles)
    for number, (start, length) in enumerate(zip(split.starts, split.lengths)):
        chunks = split.unit_rows(start, start + length)
        for lag in range(1, min(LAGS, length - 1) + 1):
            cosines = np.einsum("td,td->t", chunks[:-lag], chunks[lag:]).astype(np.float64)
            sums[lag, number], counts[lag, number] = cosines.sum(), len(cosines)
            if lag == 1:
                steps[number] = np.diff(cosines).sum()
    index = np.arange(articles)
    samples = {
        str(lag): (sums[lag], index, counts[lag]) for lag in range(1, LAGS + 1) if counts[lag].any()
    }
    interior = np.maximum(split.lengths - 2, 0)
    if interior.any():
        samples["telescoping"] = (steps, index, interior)
    records = ratios(samples, resampling)
    telescoping = records.pop("telescoping", None)
    if telescoping:
        chunks, long = int(interior.sum()), int((interior > 0).sum())
        telescoping |= {"bound": 2 * long / chunks, "chunks": chunks, "articles": long}
    pairs = {lag: {"pairs": int(counts[int(lag)].sum())} for lag in records}
    return {lag: record | pairs[lag] for lag, record in records.items()}, telescoping


def recency(split: Split, resampling: Resampling, context: int) -> dict[str, dict[str, Any]] | None:
    """How much nearer a chunk is to its neighbour than to the chunk K away, both ways of reading.

    Forward it is the mean of cos(x_{t+K-1}, x_{t+K}) - cos(x_t, x_{t+K}) over all windows and their
    targets, backward of cos(x_t, x_{t+1}) - cos(x_t, x_{t+K}): positive for coherent text both ways
    (docs/methods.md#recency).

    Returns:
        ``forward`` and ``backward``, each with ``value`` and ``ci`` over articles; None where no
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
    index = np.arange(len(counts))
    samples = {name: (values, index, counts) for name, values in zip(("forward", "backward"), sums)}
    return ratios(samples, resampling)


def ratios(samples: dict[str, tuple], resampling: Resampling) -> dict[str, dict[str, Any]]:
    """Σ values / Σ denominators of each ``(values, article, denominators)``, with its interval."""
    ends = resampling.intervals(samples)
    return {
        name: estimate_record(values.sum() / counts.sum(), ends[name])
        for name, (values, _, counts) in samples.items()
    }

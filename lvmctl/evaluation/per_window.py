"""Metrics before they are averaged: one value per counted window (docs/methods.md#protocol)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch

from lvmctl.data.windows import Windows
from lvmctl.sphere import centroid

BATCH = 1024


class WindowMetric(NamedTuple):
    """A metric of one predictor, window by window; its mean is what tables show.

    Attributes:
        values: (n,) float64. A prediction that is not a number makes them NaN, never absent.
        rows: (n,) int64 ascending, which windows are counted.
    """

    values: np.ndarray
    rows: np.ndarray

    def mean(self) -> float:
        """The metric itself; NaN when no window is counted."""
        return float(self.values.mean()) if len(self.values) else float("nan")


WindowMetrics = dict[str, WindowMetric]
"""WindowMetrics by dotted path: ``cos_next``, ``margin.last``, ``in_article.filtered.r@5``, …"""


def difference(metric: WindowMetric, other: WindowMetric) -> WindowMetric:
    """``metric`` minus ``other`` on the windows that both count."""
    rows, index, other_index = np.intersect1d(
        metric.rows, other.rows, assume_unique=True, return_indices=True
    )
    return WindowMetric(metric.values[index] - other.values[other_index], rows)


def cosine_metrics(
    windows: Windows, q: np.ndarray, index: np.ndarray | None = None
) -> WindowMetrics:
    """Cosines and margins of predictions, each "previous" by name.

    Args:
        windows: the windows of one split.
        q: (W, D) unit predictions for ``index``, float32.
        index: (W,) ascending windows; all by default.

    Returns:
        ``cos_next``, ``cos_anchor`` (the context's centroid), and ``cos_prev.P`` and ``margin.P``
        for P = ``last``, ``second_last`` (K ≥ 2) and ``unseen`` (windows that have x_{s-h}).
    """
    index = np.arange(len(windows)) if index is None else index
    names = ["last", "second_last", "unseen"]
    if windows.context_length < 2:
        names.remove("second_last")
    following, anchor = np.empty(len(index)), np.empty(len(index))
    for low in range(0, len(index), BATCH):
        part, batch = slice(low, low + BATCH), index[low : low + BATCH]
        following[part] = rowwise(q[part], windows.target(batch))
        middle = centroid(torch.from_numpy(windows.context(batch)))
        anchor[part] = rowwise(q[part], middle.numpy())
    columns = {"cos_next": following, "cos_anchor": anchor}
    metrics = {name: WindowMetric(values, index) for name, values in columns.items()}
    for name in names:
        counted = np.arange(len(index))
        if name == "unseen":
            counted = np.flatnonzero(windows.position[index] >= windows.horizon)
        if not len(counted):
            continue
        previous = np.empty(len(counted))
        for low in range(0, len(counted), BATCH):
            batch = counted[low : low + BATCH]
            chunks = windows.previous(name, index[batch])
            previous[low : low + BATCH] = rowwise(q[batch], chunks)
        metrics[f"cos_prev.{name}"] = WindowMetric(previous, index[counted])
        metrics[f"margin.{name}"] = WindowMetric(following[counted] - previous, index[counted])
    return metrics


def rowwise(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Dot products (n,) float64 of the rows of ``a`` and ``b`` (n, D)."""
    return np.einsum("nd,nd->n", a, b, dtype=np.float64)

"""Metrics before they are averaged: one value per counted window (docs/methods.md#protocol)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch

from lvmctl.data.windows import Windows
from lvmctl.evaluation.retrieval.blocks import slices
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


def cosine_metrics(windows: Windows, q: np.ndarray) -> WindowMetrics:
    """Cosines and margins of unit predictions ``q`` (W, D) float32, each "previous" by name.

    Returns:
        ``cos_next``, ``cos_anchor`` (the context's centroid), and ``cos_prev.P`` and ``margin.P``
        for each P of :func:`previous_rows`.
    """
    every = np.arange(len(windows))
    following, anchor = np.empty(len(every)), np.empty(len(every))
    for part in slices(len(every), BATCH):
        following[part] = rowwise(q[part], windows.target(every[part]))
        middle = centroid(torch.from_numpy(windows.context(every[part])))
        anchor[part] = rowwise(q[part], middle.numpy())
    metrics = {
        "cos_next": WindowMetric(following, every),
        "cos_anchor": WindowMetric(anchor, every),
    }
    for name, rows in previous_rows(windows).items():
        cosine = np.empty(len(rows))
        for part in slices(len(rows), BATCH):
            batch = rows[part]
            cosine[part] = rowwise(q[batch], windows.previous(name, batch))
        metrics[f"cos_prev.{name}"] = WindowMetric(cosine, rows)
        metrics[f"margin.{name}"] = WindowMetric(following[rows] - cosine, rows)
    return metrics


def previous_rows(windows: Windows) -> dict[str, np.ndarray]:
    """The windows that have a chunk of each name to take a margin to: ``last``, ``second_last``
    (K ≥ 2) and ``unseen`` (x_{s-h}); a name that no window has is left out."""
    every = np.arange(len(windows))
    rows = {"last": every}
    if windows.context_length >= 2:
        rows["second_last"] = every
    mirrored = every[windows.position >= windows.horizon]
    return rows | ({"unseen": mirrored} if len(mirrored) else {})


def rowwise(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Dot products (n,) float64 of the rows of ``a`` and ``b`` (n, D)."""
    return np.einsum("nd,nd->n", a, b, dtype=np.float64)

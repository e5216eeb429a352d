"""5CAT E: does a predictor do as well on text of another source? (docs/methods.md#protocol)

Windows are compared at equal coherence, so that easier text is no merit.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lvmctl.data.store.arrays import unit
from lvmctl.data.windows import Windows
from lvmctl.evaluation.per_window import WindowMetric, WindowMetrics, rowwise
from lvmctl.evaluation.retrieval.blocks import slices

BATCH = 1024

LOW, HIGH = 0.45, 0.55
"""Between these, both included, coherence is normal."""

ENOUGH = 100
"""Fewer windows of normal coherence in either split, and all windows are compared instead."""


def coherence(windows: Windows) -> np.ndarray:
    """Mean cosine of a context's adjacent chunks, (W,) float64 in [-1, 1]; NaN where K = 1."""
    pairs = windows.context_length - 1
    if not pairs:
        return np.full(len(windows), np.nan)
    # Neighbouring windows share pairs: each is computed once.
    rows = windows.rows[:, None] + np.arange(pairs)
    distinct, place = np.unique(rows, return_inverse=True)
    cosine = np.empty(len(distinct))
    vectors = windows.split.vectors
    for part in slices(len(distinct), BATCH):
        batch = distinct[part]
        cosine[part] = rowwise(unit(vectors[batch]), unit(vectors[batch + 1]))
    return cosine[place.reshape(rows.shape)].mean(axis=1)


def coherence_metrics(windows: Windows, cos_next: WindowMetric) -> WindowMetrics:
    """``cos_next`` on the windows of each bin.

    Returns:
        ``coherence.low`` (below .45), ``coherence.normal`` and ``coherence.high`` (above .55); a
        bin without windows is left out.
    """
    values = coherence(windows)[cos_next.rows]
    low, high = values < LOW, values > HIGH
    bins = {"low": low, "normal": (values >= LOW) & (values <= HIGH), "high": high}
    return {
        f"coherence.{name}": WindowMetric(cos_next.values[inside], cos_next.rows[inside])
        for name, inside in bins.items()
        if inside.any()
    }


def gap(val: WindowMetrics, ood: WindowMetrics) -> dict[str, Any]:
    """How much of cos_next a predictor loses between two splits, by its metrics on each.

    Returns:
        ``gap``, the mean on ``val`` minus that on ``ood``; ``metric``, what is compared:
        ``coherence.normal``, or ``cos_next`` where one of them has fewer than 100 such windows; and
        for ``val`` and ``ood`` the ``mean``, its ``windows``, and how many are ``normal``.
    """
    splits = {"val": val, "ood": ood}
    normal = {
        name: len(metrics["coherence.normal"].rows) if "coherence.normal" in metrics else 0
        for name, metrics in splits.items()
    }
    metric = "coherence.normal" if min(normal.values()) >= ENOUGH else "cos_next"
    shown = {
        name: {
            "mean": metrics[metric].mean(),
            "windows": len(metrics[metric].rows),
            "normal": normal[name],
        }
        for name, metrics in splits.items()
    }
    return {"gap": shown["val"]["mean"] - shown["ood"]["mean"], "metric": metric} | shown

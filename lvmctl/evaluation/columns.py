"""Figures before they are averaged: one value per counted window (METHODS §3)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import torch

from lvmctl.data.arrays import unit
from lvmctl.data.windows import Windows
from lvmctl.geometry import centroid

BATCH = 1024


class Column(NamedTuple):
    """A figure of one predictor, window by window; its mean is what tables show.

    Attributes:
        values: (n,) float64. A prediction that is not a number makes them NaN, never absent.
        rows: (n,) int64 ascending, which windows are counted.
    """

    values: np.ndarray
    rows: np.ndarray

    def mean(self) -> float:
        """The figure itself; NaN when no window is counted."""
        return float(self.values.mean()) if len(self.values) else float("nan")


Columns = dict[str, Column]
"""Columns by dotted path: ``cos_next``, ``margin.last``, ``in_article.filtered.r@5``, …"""


def difference(one: Column, other: Column) -> Column:
    """``one`` minus ``other`` on the windows that both count."""
    rows, here, there = np.intersect1d(
        one.rows, other.rows, assume_unique=True, return_indices=True
    )
    return Column(one.values[here] - other.values[there], rows)


def cosine_columns(windows: Windows, q: np.ndarray, index: np.ndarray | None = None) -> Columns:
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
    cosine = {name: np.full(len(index), np.nan) for name in ("next", "anchor", *names)}
    for low in range(0, len(index), BATCH):
        part, here = slice(low, low + BATCH), index[low : low + BATCH]
        context = windows.context(here)
        against = {"next": windows.target(here), "last": context[:, -1]}
        if "second_last" in names:
            against["second_last"] = context[:, -2]
        against["anchor"] = centroid(torch.from_numpy(context)).numpy()
        for name, vectors in against.items():
            cosine[name][part] = rowwise(q[part], vectors)
        seen = np.flatnonzero(windows.position[here] >= windows.horizon)
        mirror = unit(windows.split.vectors[windows.rows[here[seen]] - windows.horizon])
        cosine["unseen"][low + seen] = rowwise(q[low + seen], mirror)
    every = np.arange(len(index))
    counted = dict.fromkeys(names, every)
    counted["unseen"] = np.flatnonzero(windows.position[index] >= windows.horizon)
    found = {
        "cos_next": Column(cosine["next"], index),
        "cos_anchor": Column(cosine["anchor"], index),
    }
    for name, rows in counted.items():
        if len(rows):
            previous = cosine[name][rows]
            found[f"cos_prev.{name}"] = Column(previous, index[rows])
            found[f"margin.{name}"] = Column(cosine["next"][rows] - previous, index[rows])
    return found


def rowwise(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Dot products (n,) float64 of the rows of ``a`` and ``b`` (n, D)."""
    return np.einsum("nd,nd->n", a, b, dtype=np.float64)


def nested(flat: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """``("margin.last", 1)`` pairs as ``{"margin": {"last": 1}}``."""
    tree: dict[str, Any] = {}
    for path, value in flat:
        *parents, name = path.split(".")
        place = tree
        for parent in parents:
            place = place.setdefault(parent, {})
        place[name] = value
    return tree

"""Every figure of a predictor on one split, each "previous" by name (METHODS §3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from lvmctl.data.arrays import unit
from lvmctl.data.windows import Windows
from lvmctl.evaluation.ranks import POOLS, in_article_ranks
from lvmctl.geometry import centroid
from lvmctl.metrics.ranking import retrieval

Predict = Callable[[torch.Tensor], torch.Tensor]
"""A predictor: unit contexts (B, K, D) → unit predictions (B, D)."""

BATCH = 1024


def cosines(windows: Windows, index: np.ndarray, q: np.ndarray) -> dict[str, np.ndarray]:
    """Cosines of predictions with what they are compared to, one value per window.

    Args:
        windows: the windows of one split.
        index: (W,) which of them.
        q: (W, D) unit predictions, float32.

    Returns:
        (W,) float64 each: ``next``; ``last``; ``second_last`` (K ≥ 2); ``unseen``, NaN for windows
        without a chunk x_{s-h}; ``anchor``, the context's centroid.
    """
    names = ("next", "last", "second_last", "unseen", "anchor")
    found = {name: np.full(len(index), np.nan) for name in names}
    for low in range(0, len(index), BATCH):
        part, here = slice(low, low + BATCH), index[low : low + BATCH]
        context = windows.context(here)
        against = {"next": windows.target(here), "last": context[:, -1]}
        if windows.context_length >= 2:
            against["second_last"] = context[:, -2]
        against["anchor"] = centroid(torch.from_numpy(context)).numpy()
        for name, vectors in against.items():
            found[name][part] = np.einsum("wd,wd->w", q[part], vectors, dtype=np.float64)
        seen = np.flatnonzero(windows.position[here] >= windows.horizon)
        mirror = unit(windows.split.vectors[windows.rows[here[seen]] - windows.horizon])
        found["unseen"][low + seen] = np.einsum("wd,wd->w", q[low + seen], mirror, dtype=np.float64)
    if windows.context_length < 2:
        del found["second_last"]
    return found


def summarise(cosine: dict[str, np.ndarray]) -> dict[str, Any]:
    """Means of :func:`cosines`: cos_next, cos_anchor, and by previous cos_prev and margin.

    A previous that no window has is left out; ``unseen`` averages the windows that have one. One
    prediction that is not a number makes the means NaN.
    """
    every = np.full(len(cosine["next"]), True)
    absent = np.isnan(cosine["unseen"]) & ~np.isnan(cosine["next"])
    counted = {"last": every, "second_last": every, "unseen": ~absent}
    counted = {p: rows for p, rows in counted.items() if p in cosine and rows.any()}
    gaps = {p: cosine["next"] - cosine[p] for p in counted}
    return {
        "cos_next": float(cosine["next"].mean()),
        "cos_prev": {p: float(cosine[p][rows].mean()) for p, rows in counted.items()},
        "margin": {p: float(gaps[p][rows].mean()) for p, rows in counted.items()},
        "cos_anchor": float(cosine["anchor"].mean()),
    }


def figures(
    windows: Windows,
    q: np.ndarray,
    *,
    index: np.ndarray | None = None,
    min_article: int = 20,
    pools: tuple[str, ...] = POOLS,
) -> dict[str, Any]:
    """Cosines, margins and in-article retrieval of predictions.

    Args:
        windows: the windows of one split.
        q: (W, D) unit predictions for ``index``, float32.
        index: (W,) ascending window indices; all by default.
        min_article: in-article figures come from articles of at least this many chunks.
        pools: in-article pools to rank in.

    Returns:
        :func:`summarise`'s means, and ``in_article.{pool}`` with the figures of
        :func:`~lvmctl.metrics.ranking.retrieval`.
    """
    index = np.arange(len(windows)) if index is None else index
    result = summarise(cosines(windows, index, q))
    long = windows.split.lengths[windows.article[index]] >= min_article
    ranks = in_article_ranks(windows, index[long], q[long], pools)
    result["in_article"] = {pool: retrieval(*ranks[pool]) for pool in pools}
    return result


def predict(predictor: Predict, windows: Windows, index: np.ndarray | None = None) -> np.ndarray:
    """Predictions (W, D) float32 of ``predictor`` for the windows ``index`` (all by default)."""
    index = np.arange(len(windows)) if index is None else index
    q = np.empty((len(index), windows.split.dim), dtype=np.float32)
    with torch.no_grad():
        for low in range(0, len(index), BATCH):
            context = torch.from_numpy(windows.context(index[low : low + BATCH]))
            q[low : low + BATCH] = predictor(context).numpy()
    return q

"""Metrics of a predictor on one split: means over windows, with chance beside ranks."""

from __future__ import annotations

from typing import Any

import numpy as np

from lvmctl.core.tree import nested
from lvmctl.data.windows import Windows
from lvmctl.evaluation.measure import Ranked
from lvmctl.evaluation.per_window import cosine_metrics
from lvmctl.evaluation.retrieval.ranks import (
    POOLS,
    Score,
    in_article_ranks,
    in_article_ranks_by_score,
)
from lvmctl.evaluation.statistics.ranking import retrieval


def mean_metrics(
    windows: Windows,
    q: np.ndarray,
    *,
    index: np.ndarray | None = None,
    min_article: int = 20,
    pools: tuple[str, ...] = POOLS,
    score: Score | None = None,
) -> dict[str, Any]:
    """Cosines, margins and in-article retrieval of predictions.

    Args:
        windows: the windows of one split.
        q: (W, D) unit predictions for ``index``, float32.
        index: (W,) ascending window indices; all by default.
        min_article: in-article metrics come from articles of at least this many chunks.
        pools: in-article pools to rank in.
        score: how the predictor ranks, where that is not by cos(q, candidate).

    Returns:
        The means of :func:`~lvmctl.evaluation.per_window.cosine_metrics` as a tree, and
        ``in_article.{pool}`` with those of ``retrieval``. With a ``score`` these are its own,
        and ``q.in_article.{pool}`` has those of q alone.
    """
    return mean_metrics_and_ranks(windows, q, index, min_article, pools, score)[0]


def mean_metrics_and_ranks(
    windows: Windows,
    q: np.ndarray,
    index: np.ndarray | None,
    min_article: int,
    pools: tuple[str, ...],
    score: Score | None,
) -> tuple[dict[str, Any], dict[str, Ranked]]:
    """:func:`mean_metrics`, and the ranks by pool that they are the means of."""
    index = np.arange(len(windows)) if index is None else index
    metrics = cosine_metrics(windows, q, index)
    result = nested((path, metric.mean()) for path, metric in metrics.items())
    long = windows.split.lengths[windows.article[index]] >= min_article
    ranks = in_article_ranks(windows, index[long], q[long], pools)
    result["in_article"] = {pool: retrieval(*ranks[pool]) for pool in pools}
    if score is not None:
        ranks = in_article_ranks_by_score(windows, index[long], score, pools)
        result["q"] = {"in_article": result["in_article"]}
        result["in_article"] = {pool: retrieval(*ranks[pool]) for pool in pools}
    return result, {pool: Ranked(*ranks[pool], index[long]) for pool in pools}

"""One predictor through the protocol: cosines, margins and ranks, window by window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lvmctl.data.windows import Windows
from lvmctl.evaluation.columns import Column, Columns, cosine_columns
from lvmctl.evaluation.global_ranks import global_ranks, global_ranks_by_score
from lvmctl.evaluation.predictors import Predictor
from lvmctl.evaluation.ranks import POOLS, in_article_ranks, in_article_ranks_by_score
from lvmctl.metrics.ranking import per_window

GLOBAL = "global.filtered"
"""Path of the pool of all chunks of the split but the window's."""


@dataclass(frozen=True)
class Ranked:
    """Ranks of the target in one pool.

    Attributes:
        ranks: (n,) float64, 1 + #better + ½·#ties.
        sizes: (n,) int64 candidates.
        rows: (n,) int64 which windows are counted.
    """

    ranks: np.ndarray
    sizes: np.ndarray
    rows: np.ndarray


@dataclass(frozen=True)
class Measured:
    """What one predictor did on one split.

    Attributes:
        predictor: who.
        q: (W, D) float32 its predictions.
        columns: figures window by window, by dotted path.
        ranks: by pool, ``in_article.filtered`` and so on.
    """

    predictor: Predictor
    q: np.ndarray
    columns: Columns
    ranks: dict[str, Ranked]


def measure(
    windows: Windows,
    predictor: Predictor,
    *,
    pools: tuple[str, ...] = POOLS,
    everywhere: bool = True,
    min_article: int = 20,
    progress: Callable[[int], object] = lambda windows: None,
) -> Measured:
    """Run ``predictor`` over all ``windows`` (METHODS §3, Pools and Margins).

    Args:
        windows: the windows of one split.
        pools: in-article pools, on articles of at least ``min_article`` chunks.
        everywhere: rank in the global pool too.
        progress: told how many windows were ranked globally.
    """
    q = predictor(windows)
    every = np.arange(len(windows))
    columns = cosine_columns(windows, q)
    ranks: dict[str, Ranked] = {}
    long = every[windows.split.lengths[windows.article] >= min_article]
    if predictor.score is None:
        found = in_article_ranks(windows, long, q[long], pools)
    else:
        found = in_article_ranks_by_score(windows, long, predictor.score, pools)
    for pool, (rank, size) in found.items():
        ranks[f"in_article.{pool}"] = Ranked(rank, size, long)
    if everywhere:
        if predictor.score is None:
            found = global_ranks(windows, every, q, progress)
        else:
            found = global_ranks_by_score(windows, every, predictor.score)
        ranks[GLOBAL] = Ranked(*found, every)
    for path, ranked in ranks.items():
        for name, values in per_window(ranked.ranks, ranked.sizes).items():
            columns[f"{path}.{name}"] = Column(values, ranked.rows)
    return Measured(predictor, q, columns, ranks)

"""One predictor through the protocol: cosines, margins and ranks, window by window."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from lvmctl.data.windows import Windows
from lvmctl.evaluation.fivecat.ablations import ablation_metrics
from lvmctl.evaluation.fivecat.coherence import coherence_metrics
from lvmctl.evaluation.fivecat.offsets import offset_metrics, offset_sweep
from lvmctl.evaluation.fivecat.rollout import rollout_metrics
from lvmctl.evaluation.per_window import WindowMetric, WindowMetrics, cosine_metrics
from lvmctl.evaluation.predictors import Predictor
from lvmctl.evaluation.retrieval.global_ranks import global_ranks, global_ranks_by_score
from lvmctl.evaluation.retrieval.ranks import (
    POOLS,
    Score,
    in_article_ranks,
    in_article_ranks_by_score,
)
from lvmctl.evaluation.statistics.ranking import per_window

GLOBAL = "global.filtered"
"""Path of the pool of all chunks of the split but the window's."""

PRIMARY = "in_article.filtered"
"""Path of the primary pool: all chunks of the article but the window's."""

MRR10 = f"{PRIMARY}.mrr@10"
"""Path of the metric by which a ranker is judged."""


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
class PredictorMetrics:
    """What one predictor did on one split.

    Attributes:
        predictor: who.
        metrics: window by window, by dotted path.
        ranks: by pool, ``in_article.filtered`` and so on.
        sweep: cos(q, x_{target+k}) by offset k; empty unless 5CAT was asked for.
    """

    predictor: Predictor
    metrics: WindowMetrics
    ranks: dict[str, Ranked]
    sweep: dict[int, WindowMetric] = field(default_factory=dict)


@dataclass(frozen=True)
class Protocol:
    """What is measured of every predictor (docs/methods.md#protocol).

    Attributes:
        pools: in-article pools.
        everywhere: rank in the global pool too.
        min_article: shortest article, in chunks, of in-article ranks.
        tests: letters of 5CAT tests, of A, C, D and E; C and D are for causal predictors only.
        perturbed: (n,) windows of C and D, each of which costs a dozen predictions; None is all.
        by_rank: measure C by ranks too, as the fair rule asks of a run with its own score.
    """

    pools: tuple[str, ...] = POOLS
    everywhere: bool = True
    min_article: int = 20
    tests: str = ""
    perturbed: np.ndarray | None = None
    by_rank: bool = False


Pair = tuple[np.ndarray, np.ndarray]
"""Ranks (W,) and pool sizes (W,)."""


def measure(
    windows: Windows,
    predictor: Predictor,
    protocol: Protocol,
    q: np.ndarray | None = None,
    everywhere: Pair | None = None,
) -> PredictorMetrics:
    """Run ``predictor`` over all ``windows``, unless its predictions ``q`` (W, D) are known, and
    ``everywhere``, their ranks among all chunks by cosine."""
    q = predictor(windows) if q is None else q
    metrics = cosine_metrics(windows, q)
    ranks = ranked(windows, predictor, q, protocol, everywhere)
    lost = ~np.isfinite(q).all(axis=1)  # such a prediction has no rank, and is not left out
    for path, pool_ranks in ranks.items():
        for name, values in per_window(pool_ranks.ranks, pool_ranks.sizes).items():
            if len(values):
                values = np.where(lost[pool_ranks.rows], np.nan, values)
                metrics[f"{path}.{name}"] = WindowMetric(values, pool_ranks.rows)
    causal, sweep = predictor.kind != "oracle", {}
    if "A" in protocol.tests:
        sweep = offset_sweep(windows, q)
        metrics |= offset_metrics(windows, q, sweep)
    if "C" in protocol.tests and causal:
        mrr10 = metrics.get(MRR10) if protocol.by_rank else None
        cos_next = metrics["cos_next"]
        metrics |= ablation_metrics(windows, predictor, cos_next, protocol.perturbed, ranked=mrr10)
    if "D" in protocol.tests and causal and not predictor.q_reads:  # a q has nothing to read
        metrics |= rollout_metrics(windows, predictor, q, protocol.perturbed)
    if "E" in protocol.tests:
        metrics |= coherence_metrics(windows, metrics["cos_next"])
    return PredictorMetrics(predictor, metrics, ranks, sweep)


def ranked(
    windows: Windows,
    predictor: Predictor,
    q: np.ndarray,
    protocol: Protocol,
    everywhere: Pair | None = None,
) -> dict[str, Ranked]:
    """Ranks by pool; those of a predictor with its own score are by that score.

    Of a run with its own score, ranks by the cosines of q stand beside, under ``q.``.
    """
    by_pool = ranks_by(windows, predictor.score, q, protocol, everywhere)
    if predictor.is_ranker:
        alone = ranks_by(windows, None, q, protocol, everywhere)
        by_pool |= {f"q.{path}": ranks for path, ranks in alone.items()}
    return by_pool


def ranks_by(
    windows: Windows,
    score: Score | None,
    q: np.ndarray,
    protocol: Protocol,
    everywhere: Pair | None = None,
) -> dict[str, Ranked]:
    """Ranks by pool, by ``score`` or, without one, by the cosines of ``q`` (W, D), whose ranks
    ``everywhere`` may be known."""
    every = np.arange(len(windows))
    long = every[windows.split.lengths[windows.article] >= protocol.min_article]
    if score is None:
        by_pool = in_article_ranks(windows, long, q[long], protocol.pools)
    else:
        by_pool = in_article_ranks_by_score(windows, long, score, protocol.pools)
    ranks = {f"in_article.{pool}": Ranked(*pair, long) for pool, pair in by_pool.items()}
    if protocol.everywhere:
        if score is None:
            pair = everywhere or global_ranks(windows, every, q)
        else:
            pair = global_ranks_by_score(windows, every, score)
        ranks[GLOBAL] = Ranked(*pair, every)
    return ranks

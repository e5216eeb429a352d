"""One predictor through the protocol: cosines, margins and ranks, window by window."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from lvmctl.data.windows import Windows
from lvmctl.evaluation.fivecat.ablations import ablation_columns
from lvmctl.evaluation.fivecat.coherence import coherence_columns
from lvmctl.evaluation.fivecat.offsets import offset_columns, offset_sweep
from lvmctl.evaluation.fivecat.rollout import rollout_columns
from lvmctl.evaluation.per_window import WindowMetric, WindowMetrics, cosine_columns
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
"""Path of the figure by which a ranker is judged."""


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
        columns: figures window by window, by dotted path.
        ranks: by pool, ``in_article.filtered`` and so on.
        sweep: cos(q, x_{target+k}) by offset k; empty unless 5CAT was asked for.
    """

    predictor: Predictor
    columns: WindowMetrics
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


def measure(
    windows: Windows, predictor: Predictor, protocol: Protocol, q: np.ndarray | None = None
) -> PredictorMetrics:
    """Run ``predictor`` over all ``windows``, unless its predictions ``q`` (W, D) are known."""
    q = predictor(windows) if q is None else q
    columns = cosine_columns(windows, q)
    ranks = ranked(windows, predictor, q, protocol)
    lost = ~np.isfinite(q).all(axis=1)  # such a prediction has no rank, and is not left out
    for path, found in ranks.items():
        for name, values in per_window(found.ranks, found.sizes).items():
            if len(values):
                values = np.where(lost[found.rows], np.nan, values)
                columns[f"{path}.{name}"] = WindowMetric(values, found.rows)
    causal, sweep = predictor.kind != "oracle", {}
    if "A" in protocol.tests:
        sweep = offset_sweep(windows, q)
        columns |= offset_columns(windows, q, sweep)
    if "C" in protocol.tests and causal:
        mrr10 = columns.get(MRR10) if protocol.by_rank else None
        given = columns["cos_next"], protocol.perturbed
        columns |= ablation_columns(windows, predictor, *given, ranked=mrr10)
    if "D" in protocol.tests and causal:
        columns |= rollout_columns(windows, predictor, q, protocol.perturbed)
    if "E" in protocol.tests:
        columns |= coherence_columns(windows, columns["cos_next"])
    return PredictorMetrics(predictor, columns, ranks, sweep)


def ranked(
    windows: Windows, predictor: Predictor, q: np.ndarray, protocol: Protocol
) -> dict[str, Ranked]:
    """Ranks by pool; those of a predictor with its own score are by that score.

    Of a run with its own score, ranks by the cosines of q stand beside, under ``q.``.
    """
    found = ranks_by(windows, predictor.score, q, protocol)
    if predictor.is_ranker:
        alone = ranks_by(windows, None, q, protocol)
        found |= {f"q.{path}": ranks for path, ranks in alone.items()}
    return found


def ranks_by(
    windows: Windows, score: Score | None, q: np.ndarray, protocol: Protocol
) -> dict[str, Ranked]:
    """Ranks by pool, by ``score`` or, without one, by the cosines of ``q`` (W, D)."""
    every = np.arange(len(windows))
    long = every[windows.split.lengths[windows.article] >= protocol.min_article]
    if score is None:
        found = in_article_ranks(windows, long, q[long], protocol.pools)
    else:
        found = in_article_ranks_by_score(windows, long, score, protocol.pools)
    ranks = {f"in_article.{pool}": Ranked(*pair, long) for pool, pair in found.items()}
    if protocol.everywhere:
        if score is None:
            pair = global_ranks(windows, every, q)
        else:
            pair = global_ranks_by_score(windows, every, score)
        ranks[GLOBAL] = Ranked(*pair, every)
    return ranks

"""A predictor's metrics as one plain tree: means with chance levels, and intervals beside them."""

from __future__ import annotations

from typing import Any

from lvmctl.core.tree import nested
from lvmctl.data.windows import Windows
from lvmctl.evaluation.measure import PredictorMetrics
from lvmctl.evaluation.per_window import WindowMetrics
from lvmctl.evaluation.statistics.intervals import Resampling
from lvmctl.evaluation.statistics.ranking import rank_index, retrieval


def means(measured: PredictorMetrics) -> dict[str, Any]:
    """Every mean as a tree, in each pool those of
    :func:`~lvmctl.evaluation.statistics.ranking.retrieval`."""
    paths = measured.metrics.items()
    tree = nested((path, m.mean()) for path, m in paths if pool_of(path) not in measured.ranks)
    pools = measured.ranks.items()
    return tree | nested((path, retrieval(pool.ranks, pool.sizes)) for path, pool in pools)


def pool_of(path: str) -> str:
    """The path of what a metric is in."""
    return path.rpartition(".")[0]


def summary(windows: Windows, measured: PredictorMetrics, resampling: Resampling) -> dict[str, Any]:
    """Every metric of a predictor as a tree, intervals beside under ``ci``.

    Pools carry their chance levels, the mean pool size and how many windows are counted.
    """
    tree = with_intervals(windows, measured.metrics, resampling)
    for path, ranked in measured.ranks.items():
        place = tree
        for name in path.split("."):
            place = place.setdefault(name, {})
        metrics = retrieval(ranked.ranks, ranked.sizes)
        place |= {name: value for name, value in metrics.items() if name not in place}
        if "amri" in metrics:
            values, denominators = rank_index(ranked.ranks, ranked.sizes)
            article = windows.article[ranked.rows]
            place["ci"]["amri"] = list(resampling.interval(values, article, denominators))
    return tree


def with_intervals(
    windows: Windows, metrics: WindowMetrics, resampling: Resampling
) -> dict[str, Any]:
    """Means of metrics as a tree; in each place ``ci`` holds the intervals of its metrics."""
    intervals = resampling.intervals(
        {path: (c.values, windows.article[c.rows]) for path, c in metrics.items()}
    )
    flat: list[tuple[str, Any]] = []
    for path, metric in metrics.items():
        flat.append((path, metric.mean()))
        parent, dot, name = path.rpartition(".")
        # The name may not be split again: it is the last part of a dotted path.
        flat.append((f"{parent}{dot}ci.{name}", list(intervals[path])))
    return nested(flat)

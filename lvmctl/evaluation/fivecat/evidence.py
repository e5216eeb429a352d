"""The estimates that verdicts ask for: those of predictors, differences, and 5CAT E's gap."""

from __future__ import annotations

from typing import Any

from lvmctl.evaluation.fivecat.coherence import gap
from lvmctl.evaluation.gates.bounds import Estimate
from lvmctl.evaluation.gates.verdicts import Evidence
from lvmctl.evaluation.metric_table import MetricTable
from lvmctl.evaluation.statistics.intervals import difference_interval
from lvmctl.registry import Registry


def evidence(
    registry: Registry, metric_tables: dict[str, MetricTable], run: str, ratio: Estimate | None
) -> Evidence:
    """The estimates that verdicts ask for, and the ceilings that metrics name.

    Args:
        ratio: ``latency.ratio`` of the run; None where it was not timed.
    """

    def estimate(name: str, split: str, path: str) -> Estimate | None:
        if path == "latency.ratio":
            return ratio if name == run else None
        if path == "coherence.gap":
            if len(metric_tables) < 2 or name not in metric_tables["val"].measured:
                return None
            return absolute_gap(metric_tables["val"], metric_tables["ood"], name)
        return metric_tables[split].estimate(name, path) if split in metric_tables else None

    def difference(name: str, other: str, split: str, path: str) -> Estimate | None:
        return (
            metric_tables[split].difference(name, other, path) if split in metric_tables else None
        )

    def is_ranker(name: str) -> bool:
        metrics = metric_tables["val"].measured.get(name)
        return metrics is not None and metrics.predictor.is_ranker

    tops = {entry.name: entry.record.ceiling for entry in registry.entries("metric")}
    named = {name: top for name, top in tops.items() if top}
    return Evidence(estimate, difference, is_ranker, named)


def coherence_gap(val: MetricTable, ood: MetricTable, name: str) -> dict[str, Any]:
    """5CAT E of a predictor, with the interval of the signed difference."""
    metrics = val.measured[name].metrics, ood.measured[name].metrics
    record = gap(*metrics)
    pair = [
        (metric_table.resampling, metric.values, metric_table.windows.article[metric.rows])
        for metric_table, metric in zip((val, ood), (each[record["metric"]] for each in metrics))
    ]
    return record | {"ci": list(difference_interval(*pair))}


def absolute_gap(val: MetricTable, ood: MetricTable, name: str) -> Estimate:
    """|val - OOD| of 5CAT E and its interval."""
    record = coherence_gap(val, ood, name)
    low, high = record["ci"]
    nearest = 0.0 if low <= 0 <= high else min(abs(low), abs(high))
    windows = record["val"]["windows"] + record["ood"]["windows"]
    return Estimate(abs(record["gap"]), nearest, max(abs(low), abs(high)), windows)

"""The figures that verdicts ask for: those of predictors, differences, and 5CAT E's gap."""

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

    def figure(name: str, split: str, path: str) -> Estimate | None:
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
        one = metric_tables["val"].measured.get(name)
        return one is not None and one.predictor.is_ranker

    tops = {entry.name: entry.record.ceiling for entry in registry.entries("metric")}
    named = {name: top for name, top in tops.items() if top}
    return Evidence(figure, difference, is_ranker, named)


def coherence_gap(val: MetricTable, ood: MetricTable, name: str) -> dict[str, Any]:
    """5CAT E of a predictor, with the interval of the signed difference."""
    columns = val.measured[name].columns, ood.measured[name].columns
    found = gap(*columns)
    pair = [
        (metric_table.resampling, column.values, metric_table.windows.article[column.rows])
        for metric_table, column in zip((val, ood), (each[found["metric"]] for each in columns))
    ]
    return found | {"ci": list(difference_interval(*pair))}


def absolute_gap(val: MetricTable, ood: MetricTable, name: str) -> Estimate:
    """|val - OOD| of 5CAT E and its interval."""
    found = coherence_gap(val, ood, name)
    low, high = found["ci"]
    nearest = 0.0 if low <= 0 <= high else min(abs(low), abs(high))
    windows = found["val"]["windows"] + found["ood"]["windows"]
    return Estimate(abs(found["gap"]), nearest, max(abs(low), abs(high)), windows)

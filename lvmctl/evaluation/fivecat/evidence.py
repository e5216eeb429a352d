"""The figures that verdicts ask for: those of predictors, differences, and 5CAT E's gap."""

from __future__ import annotations

from typing import Any

from lvmctl.evaluation.fivecat.coherence import gap
from lvmctl.evaluation.gates.bounds import Figure
from lvmctl.evaluation.gates.verdicts import Evidence
from lvmctl.evaluation.metric_table import Sheet
from lvmctl.evaluation.statistics.intervals import difference_interval
from lvmctl.registry import Registry


def evidence(
    registry: Registry, sheets: dict[str, Sheet], run: str, ratio: Figure | None
) -> Evidence:
    """The figures of the sheets as verdicts ask for them, and the ceilings that metrics name.

    Args:
        ratio: ``latency.ratio`` of the run; None where it was not timed.
    """

    def figure(name: str, split: str, path: str) -> Figure | None:
        if path == "latency.ratio":
            return ratio if name == run else None
        if path == "coherence.gap":
            if len(sheets) < 2 or name not in sheets["val"].measured:
                return None
            return absolute_gap(sheets["val"], sheets["ood"], name)
        return sheets[split].figure(name, path) if split in sheets else None

    def difference(name: str, other: str, split: str, path: str) -> Figure | None:
        return sheets[split].difference(name, other, path) if split in sheets else None

    def is_ranker(name: str) -> bool:
        one = sheets["val"].measured.get(name)
        return one is not None and one.predictor.is_ranker

    tops = {entry.name: entry.record.ceiling for entry in registry.entries("metric")}
    named = {name: top for name, top in tops.items() if top}
    return Evidence(figure, difference, is_ranker, named)


def coherence_gap(val: Sheet, ood: Sheet, name: str) -> dict[str, Any]:
    """5CAT E of a predictor, with the interval of the signed difference."""
    columns = val.measured[name].columns, ood.measured[name].columns
    found = gap(*columns)
    pair = [
        (sheet.resampling, column.values, sheet.windows.article[column.rows])
        for sheet, column in zip((val, ood), (each[found["metric"]] for each in columns))
    ]
    return found | {"ci": list(difference_interval(*pair))}


def absolute_gap(val: Sheet, ood: Sheet, name: str) -> Figure:
    """|val - OOD| of 5CAT E and its interval."""
    found = coherence_gap(val, ood, name)
    low, high = found["ci"]
    nearest = 0.0 if low <= 0 <= high else min(abs(low), abs(high))
    windows = found["val"]["windows"] + found["ood"]["windows"]
    return Figure(abs(found["gap"]), nearest, max(abs(low), abs(high)), windows)

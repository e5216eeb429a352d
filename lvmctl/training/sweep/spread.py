"""Mean and spread over seeds of what a comparison found."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from lvmctl.core.tree import get_number

FIGURES = (
    "in_article.filtered.r@1",
    "in_article.filtered.r@5",
    "in_article.filtered.mrr@10",
    "global.filtered.r@10",
    "cos_next",
    "margin.last",
    "margin.second_last",
    "margin.unseen",
)


def spreads(record: Mapping[str, Any], groups: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Each group's figures and differences over the runs of a comparison; a group of one run is
    left out.

    By group: ``runs``, ``figures`` and ``differences``, each by path with ``mean``, ``sd`` (of the
    sample, n - 1), ``min`` and ``max``.
    """
    by_group = {}
    for group, runs in groups.items():
        if len(runs) < 2:
            continue
        trees = [record["predictors"][run] for run in runs]
        figures = {path: [get_number(tree, path) for tree in trees] for path in FIGURES}
        paths = record["runs"][runs[0]]["differences"]
        beyond = [record["runs"][run]["differences"] for run in runs]
        differences = {
            path: [get_number(each.get(path), "value") for each in beyond] for path in paths
        }
        by_group[group] = {
            "runs": list(runs),
            "figures": {p: spread(v) for p, v in figures.items() if None not in v},
            "differences": {p: spread(v) for p, v in differences.items() if None not in v},
        }
    return by_group


def spread(values: Sequence[float]) -> dict[str, float]:
    """Mean, standard deviation of the sample, least and largest."""
    return {
        "mean": statistics.fmean(values),
        "sd": statistics.stdev(values),
        "min": min(values),
        "max": max(values),
    }

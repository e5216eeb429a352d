"""How a model with its own score ranks, beside ``direct`` and chance: what is judged of a ranker.

Its q is shown and not judged: retrieval uses the score (docs/methods.md#one-pool).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from lvmctl.baselines.weightings import Direct
from lvmctl.core.chunks import labelled
from lvmctl.core.diagnosis import Finding, Table
from lvmctl.core.formatting import interval, number, signed
from lvmctl.data.windows import Windows
from lvmctl.diagnostics.runs.findings import found
from lvmctl.evaluation.measure import PRIMARY, Protocol
from lvmctl.evaluation.metric_table import MetricTable
from lvmctl.evaluation.predictors import Predictor
from lvmctl.registry.record import NoOptions
from lvmctl.registry.specs import Shape

METRICS = {"r@5": "R@5", "mrr@10": "MRR@10"}
RUN, DIRECT = "run", "direct"


def ranking(
    windows: Windows, predictor: Predictor, q: np.ndarray, min_article: int, seed: int
) -> dict[str, Any]:
    """Retrieval in the primary pool by a ranker's score, by its q (W, D) alone and by ``direct``.

    Returns:
        As plain data: ``windows`` that are counted; ``run``, ``q``, ``direct`` and ``chance`` with
        ``r@5`` and ``mrr@10``; and ``lead``, the run's over ``direct``, each with its 95 %
        interval. Empty where no article is long enough.
    """
    protocol = Protocol(pools=("filtered",), everywhere=False, min_article=min_article)
    metric_table = MetricTable(windows, protocol, seed)
    shape = Shape(windows.split.dim, windows.context_length, windows.horizon)
    metric_table.add(Predictor(RUN, predictor.call, "run", predictor.score), q)
    metric_table.add(Predictor(DIRECT, Direct(NoOptions(), shape)))
    trees = metric_table.record()["predictors"]
    tree = trees[RUN]["in_article"]["filtered"]
    if not tree["windows"]:
        return {}
    rows = {
        RUN: tree,
        "q": trees[RUN]["q"]["in_article"]["filtered"],
        DIRECT: trees[DIRECT]["in_article"]["filtered"],
        "chance": {name: tree[f"chance_{name}"] for name in METRICS},
    }
    leads = {name: metric_table.difference(RUN, DIRECT, f"{PRIMARY}.{name}") for name in METRICS}
    return {
        "windows": tree["windows"],
        "reads": list(predictor.reads),
        **{row: {name: tree[name] for name in METRICS} for row, tree in rows.items()},
        "ci": {name: tree["ci"][name] for name in METRICS},
        "lead": {n: e.record() for n, e in leads.items()},
    }


def ranking_findings(ranks: dict[str, Any], epoch: int | None) -> Iterator[Finding]:
    """What :func:`ranking` shows to be wrong, of the weights of ``epoch``."""
    if not ranks:
        return
    low, high = ranks["ci"]["r@5"]
    value, chance, direct = (ranks[row]["r@5"] for row in (RUN, "chance", DIRECT))
    if low <= chance < 1:
        yield found(
            "at-chance",
            epoch,
            f"R@5 in article by the model's score {number(value)} {interval((low, high))}, "
            f"guessing gives {number(chance)}; direct has {number(direct)}",
            severity="critical" if direct > max(high, chance) else "minor",
        )
    leads = ranks["lead"]
    if all(lead["ci"][1] < 0 for lead in leads.values()):
        differences = ", ".join(
            f"{METRICS[name]} {signed(lead['value'])} {interval(lead['ci'])}"
            for name, lead in leads.items()
        )
        evidence = f"ranked by the model's score, minus direct: {differences}"
        yield found("worse-than-direct", epoch, evidence)


def ranking_table(ranks: dict[str, Any]) -> Table:
    """The figures for a reader."""
    scored = labelled("run, by its score", ranks.get("reads", ()))
    labels = {RUN: scored, "q": "run, q alone", DIRECT: DIRECT, "chance": "chance"}
    rows = tuple(
        (label, *(number(ranks[row][name]) for name in METRICS))
        for row, label in labels.items()
        if row in ranks
    )
    return Table(("", *METRICS.values()), rows, "Ranks in the article, validation windows")

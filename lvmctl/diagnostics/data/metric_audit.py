"""Which rules a perfect predictor wins, and which it loses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import torch
from torch import Tensor

from lvmctl.core.diagnosis import Diagnosis, Table
from lvmctl.core.formatting import signed
from lvmctl.core.reporter import Reporter
from lvmctl.data import Windows, open_splits
from lvmctl.data.splits.open import Splits
from lvmctl.data.synthetic.bayes import bayes_prediction
from lvmctl.data.synthetic.worlds import World
from lvmctl.diagnostics.measuring import R5, fit_predictors, measure_predictors, plain, windows_of
from lvmctl.diagnostics.records import MetricOptions
from lvmctl.evaluation.metric_table import MetricTable
from lvmctl.evaluation.predictors import Predictor

TARGET, PERFECT = "oracle", "the perfect one"


class Rule(NamedTuple):
    """A way to rank predictors.

    Attributes:
        name: for the table.
        metric: path of the figure; higher is better.
        whose: ``seed`` or ``fair``; ``diagnostic`` for a figure that no rule judges by.
    """

    name: str
    metric: str
    whose: str


RULES = (
    Rule("margin[last]", "margin.last", "seed"),
    Rule("offsets", "offsets.seed", "seed"),
    Rule("R@5, window kept", "in_article.unfiltered.r@5", "seed"),
    Rule("cos_next", "cos_next", "fair"),
    Rule("offset accuracy", "offsets.accuracy", "fair"),
    Rule("R@5", R5, "fair"),
    Rule("margin outside", "offsets.fair", "diagnostic"),
)

OTHERS = {"the copier": "direct", "the centroid": "centroid", "the margin maximiser": "margin-max"}
"""Predictors that are ranked beside the perfect one, by their names for a reader."""


class MetricAudit:
    """A perfect predictor, a copier, a centroid and a margin maximiser under both sets of rules.

    Perfect is Bayes' own prediction in the synthetic worlds (docs/methods.md#data) and the target
    itself on the store, where the best causal linear estimate, ridge, stands beside it.
    """

    def __init__(self, options: MetricOptions) -> None:
        self.options = options

    def __call__(self, splits: Splits, reporter: Reporter) -> Diagnosis:
        """Rank the predictors in ``ar1``, in ``rotation`` and on validation windows."""
        worlds = {name: self.world(name, reporter) for name in ("ar1", "rotation")}
        # A store may be called ar1 too.
        store = splits.val.name if splits.val.name not in worlds else f"store {splits.val.name}"
        perfect = dict.fromkeys(worlds, "bayes") | {store: TARGET}
        worlds[store] = self.measure(splits, self.options, reporter)
        figures = {name: audit(table, perfect[name]) for name, table in worlds.items()}
        beaten, lost = (
            [
                (rule, name)
                for name, world in figures.items()
                for rule in world["rules"]
                if rule["whose"] == whose and rule["perfect_rank"] > 1
            ]
            for whose in ("seed", "fair")
        )
        if beaten:
            rules = (f"{r['rule']} in {name} ({r['first']} comes first)" for r, name in beaten)
            sentence = f"By the published rules a perfect predictor loses {', '.join(rules)}"
        else:
            sentence = "A perfect predictor comes first by the published rules too"
        fair = ", ".join(f"{rule['rule']} in {name}" for rule, name in lost)
        return Diagnosis(
            "PUBLISHED RULES MISLEAD" if beaten else "NO DIFFERENCE",
            f"{sentence}; by the fair rules it loses {fair or 'none'}.",
            {"worlds": figures},
            tuple(rules_table(name, table, perfect[name]) for name, table in worlds.items()),
            "Judge by figures that a perfect predictor wins: cos_next, R@5 without the window.",
        )

    def measure(self, splits: Splits, options: MetricOptions, reporter: Reporter) -> MetricTable:
        """Every baseline and oracle on validation windows, with test A of 5CAT."""
        train, val = windows_of(splits, options)
        predictors = fit_predictors(train, options, reporter)
        return measure_predictors(val, predictors, options, reporter, "A")

    def world(self, name: str, reporter: Reporter) -> MetricTable:
        """Baselines and Bayes' prediction in a synthetic world."""
        options = self.options
        world = World(name, articles=options.articles, chunks=options.chunks, seed=options.seed)
        size = f"articles={world.articles}&chunks={world.chunks}&seed={world.seed}"
        shorter = replace(options, min_article=min(options.min_article, world.chunks))
        table = self.measure(open_splits(f"synth:{name}?{size}"), shorter, reporter)
        table.add(bayes(world, table.windows))
        return table


def bayes(world: World, windows: Windows) -> Predictor:
    """The prediction of highest expected cosine."""

    def call(context: Tensor) -> Tensor:
        q = bayes_prediction(world, context.numpy(), windows.horizon)
        return torch.from_numpy(q.astype("float32"))

    return Predictor("bayes", call)


def audit(table: MetricTable, perfect: str) -> dict[str, Any]:
    """Figures and ranks in one world, where ``perfect`` is the perfect predictor's name."""
    rules = []
    for rule in RULES:
        estimates = {
            name: estimate
            for name, predictor in {PERFECT: perfect, **OTHERS}.items()
            if (estimate := table.estimate(predictor, rule.metric))
        }
        if PERFECT not in estimates:
            continue
        # Equal within rounding is not better: in ar1 the copier is the perfect predictor.
        bar = estimates[PERFECT].value + 1e-6
        better = {name: e.value for name, e in estimates.items() if e.value > bar}
        rules.append(
            {
                "rule": rule.name,
                "whose": rule.whose,
                "metric": rule.metric,
                "perfect_rank": 1 + len(better),
                "first": max(better, key=better.get) if better else PERFECT,
                "figures": {name: plain(estimate) for name, estimate in estimates.items()},
            }
        )
    return {"windows": len(table.windows), "perfect": perfect, "rules": rules}


def rules_table(world: str, table: MetricTable, perfect: str) -> Table:
    """One world for a reader: a row for each predictor, a column for each rule."""
    predictors = {PERFECT: perfect, **OTHERS} | ({"ridge": "ridge"} if perfect == TARGET else {})
    estimates = {
        name: [table.estimate(predictor, rule.metric) for rule in RULES]
        for name, predictor in predictors.items()
    }
    rows = tuple((name, *(signed(e and e.value) for e in row)) for name, row in estimates.items())
    header = ("", *(f"{rule.whose}: {rule.name}" for rule in RULES))
    return Table(header, rows, f"{world} (perfect: {perfect})")

"""Which rules a perfect predictor wins, and which it loses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from lvmctl.core.diagnosis import Diagnosis, Table
from lvmctl.core.formatting import MISSING, signed
from lvmctl.core.reporter import Reporter
from lvmctl.data import Windows, open_splits
from lvmctl.data.splits.open import Splits
from lvmctl.data.synthetic.worlds import World, bayes_prediction
from lvmctl.diagnostics.measuring import R5, measure
from lvmctl.diagnostics.records import MetricOptions
from lvmctl.evaluation.metric_table import MetricTable
from lvmctl.evaluation.predictors import Predictor

TARGET, PERFECT = "oracle", "the perfect one"


RULES = (
    ("margin[last]", "margin.last", "seed"),
    ("offsets", "offsets.seed", "seed"),
    ("R@5, window kept", "in_article.unfiltered.r@5", "seed"),
    ("cos_next", "cos_next", "fair"),
    ("offset accuracy", "offsets.accuracy", "fair"),
    ("R@5", R5, "fair"),
    ("margin outside", "offsets.fair", "diagnostic"),
)
"""Ways to rank predictors: a name, the path of the figure, of which more is better, and whose rule
it is; ``diagnostic`` is a figure that no rule judges by."""

RANKS = """The perfect predictor is Bayes' own prediction in ar1 and rotation, the target itself \
on the store. ✗: another is first, a copier of the last chunk, the centroid or the maximiser of \
margin[last]. fair: rules of lvmctl; diagnostic: shown, judges nothing."""
OTHERS = {"the copier": "direct", "the centroid": "centroid", "the margin maximiser": "margin-max"}
"""Predictors that are ranked beside the perfect one, by their names for a reader."""
KNOWN = {TARGET, *OTHERS.values()}


class MetricAudit:
    """A perfect predictor, a copier, a centroid and a margin maximiser under both sets of rules.

    Perfect is Bayes' own prediction in the synthetic worlds (docs/methods.md#data) and the target
    itself on the store.
    """

    def __init__(self, options: MetricOptions) -> None:
        self.options = options

    def __call__(self, splits: Splits, reporter: Reporter) -> Diagnosis:
        """Rank the predictors in ``ar1``, in ``rotation`` and on validation windows."""
        worlds = {name: self.world(name, reporter) for name in ("ar1", "rotation")}
        # A store may be called ar1 too.
        store = splits.val.name if splits.val.name not in worlds else f"store {splits.val.name}"
        perfect = dict.fromkeys(worlds, "bayes") | {store: TARGET}
        worlds[store] = measure(splits, self.options, reporter, KNOWN, tests="A")
        figures = {name: audit(table, perfect[name]) for name, table in worlds.items()}
        judged = [rule for world in figures.values() for rule in world["rules"]]
        published, fair = ([r for r in judged if r["whose"] == whose] for whose in ("seed", "fair"))
        beaten, lost = (
            sum(rule["perfect_rank"] > 1 for rule in rules) for rules in (published, fair)
        )
        return Diagnosis(
            "PUBLISHED RULES MISLEAD" if beaten else "NO DIFFERENCE",
            f"A perfect predictor loses {beaten} of {len(published)} rankings by the published "
            f"rules, and {lost} of {len(fair)} by the fair rules.",
            {"worlds": figures},
            (ranks_table(figures), *(world_table(name, world) for name, world in figures.items())),
            "Judge by figures that a perfect predictor wins: cos_next, R@5 without the window.",
        )

    def world(self, name: str, reporter: Reporter) -> MetricTable:
        """Baselines and Bayes' prediction in a synthetic world."""
        options = self.options
        world = World(name, articles=options.articles, chunks=options.chunks, seed=options.seed)
        size = f"articles={world.articles}&chunks={world.chunks}&seed={world.seed}"
        shorter = replace(options, min_article=min(options.min_article, world.chunks))
        splits = open_splits(f"synth:{name}?{size}")
        table = measure(splits, shorter, reporter, KNOWN, tests="A")
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
    for rule, metric, whose in RULES:
        estimates = {
            name: estimate
            for name, predictor in {PERFECT: perfect, **OTHERS}.items()
            if (estimate := table.estimate(predictor, metric))
        }
        if PERFECT not in estimates:
            continue
        # Equal within rounding is not better: in ar1 the copier is the perfect predictor.
        bar = estimates[PERFECT].value + 1e-6
        better = {name: e.value for name, e in estimates.items() if e.value > bar}
        rules.append(
            {
                "rule": rule,
                "whose": whose,
                "metric": metric,
                "perfect_rank": 1 + len(better),
                "first": max(better, key=better.get) if better else PERFECT,
                "figures": {name: estimate.record() for name, estimate in estimates.items()},
            }
        )
    return {"windows": len(table.windows), "perfect": perfect, "rules": rules}


def ranks_table(worlds: dict[str, Any]) -> Table:
    """For each rule and world the perfect predictor's figure beside the one that is first."""

    def cell(rule: dict[str, Any] | None) -> str:
        if rule is None:
            return MISSING
        perfect, best = (signed(rule["figures"][n]["value"]) for n in (PERFECT, rule["first"]))
        return f"✓ {perfect}" if rule["first"] == PERFECT else f"✗ {perfect} < {best}"

    columns = [{named(rule): rule for rule in world["rules"]} for world in worlds.values()]
    labels = dict.fromkeys(label for rules in columns for label in rules)
    rows = tuple((label, *(cell(rules.get(label)) for rules in columns)) for label in labels)
    return Table(("rule", *worlds), rows, "The perfect predictor", RANKS)


def world_table(name: str, world: dict[str, Any]) -> Table:
    """One world: a row for each rule, a column for each predictor."""
    rows = tuple(
        (named(rule), *(signed(figure["value"]) for figure in rule["figures"].values()))
        for rule in world["rules"]
    )
    predictors = (each.removeprefix("the ") for each in world["rules"][0]["figures"])
    return Table(("rule", *predictors), rows, f"{name} (perfect: {world['perfect']})", detail=True)


def named(rule: dict[str, Any]) -> str:
    """A rule with whose it is, for a reader."""
    return f"{rule['whose'].replace('seed', 'published')}: {rule['rule']}"

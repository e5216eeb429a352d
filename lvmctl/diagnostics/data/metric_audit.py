"""The page for a sceptic: which rules a perfect predictor wins, and which it loses."""

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
from lvmctl.diagnostics.data.window_options import MetricOptions
from lvmctl.diagnostics.measuring import metric_table_of, plain, windows_of
from lvmctl.evaluation.metric_table import MetricTable
from lvmctl.evaluation.predictors import Predictor

R5 = "in_article.filtered.r@5"
SHOWN_TARGET = "oracle"


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

PLAYERS = {
    "the copier": "direct",
    "the centroid": "centroid",
    "the margin maximiser": "margin-max",
}


class MetricAudit:
    """A perfect predictor, a copier, a centroid and a margin maximiser under both sets of rules.

    Perfect is Bayes' own prediction in the synthetic worlds (METHODS §1) and the target itself on
    the store, where the best causal linear estimate, ridge, stands beside it.
    """

    def __init__(self, options: MetricOptions) -> None:
        self.options = options

    def __call__(self, splits: Splits, reporter: Reporter) -> Diagnosis:
        worlds = {name: self.world(name, reporter) for name in ("ar1", "rotation")}
        train, val = windows_of(splits, self.options)
        # A store may be called ar1 too.
        store = splits.val.name if splits.val.name not in worlds else f"store {splits.val.name}"
        perfect = dict.fromkeys(worlds, "bayes") | {store: SHOWN_TARGET}
        worlds[store] = metric_table_of(train, val, self.options, reporter, "A")
        figures = {
            name: audit(metric_table, perfect[name]) for name, metric_table in worlds.items()
        }
        beaten = [
            f"{rule['rule']} in {name} ({rule['first']} comes first)"
            for name, found in figures.items()
            for rule in found["rules"]
            if rule["whose"] == "seed" and rule["perfect_rank"] > 1
        ]
        lost = [
            f"{rule['rule']} in {name}"
            for name, found in figures.items()
            for rule in found["rules"]
            if rule["whose"] == "fair" and rule["perfect_rank"] > 1
        ]
        verdict = "SEED RULES MISLEAD" if beaten else "NO DIFFERENCE"
        if beaten:
            sentence = f"By the seeds' rules a perfect predictor loses {', '.join(beaten)}"
        else:
            sentence = "A perfect predictor comes first by the seeds' rules too"
        sentence += f"; by the fair rules it loses {', '.join(lost) or 'none'}."
        change = "Judge by figures that a perfect predictor wins: cos_next, R@5 without the window."
        return Diagnosis(
            verdict,
            sentence,
            {"worlds": figures},
            tuple(
                table(name, metric_table, perfect[name]) for name, metric_table in worlds.items()
            ),
            change,
        )

    def world(self, name: str, reporter: Reporter) -> MetricTable:
        """Baselines and Bayes' prediction in a synthetic world."""
        options = self.options
        made = World(name, articles=options.articles, chunks=options.chunks, seed=options.seed)
        keys = {"articles": made.articles, "chunks": made.chunks, "seed": made.seed}
        source = f"synth:{name}?" + "&".join(f"{k}={v}" for k, v in keys.items())
        splits = open_splits(source)
        train, val = windows_of(splits, options)
        own = replace(options, min_article=min(options.min_article, made.chunks))
        metric_table = metric_table_of(train, val, own, reporter, "A")
        metric_table.add(bayes(made, val))
        return metric_table


def bayes(world: World, windows: Windows) -> Predictor:
    """The prediction of highest expected cosine."""

    def call(context: Tensor) -> Tensor:
        q = bayes_prediction(world, context.numpy(), windows.horizon)
        return torch.from_numpy(q.astype("float32"))

    return Predictor("bayes", call)


def players(perfect: str) -> dict[str, str]:
    """Who is ranked: names for a reader, and predictors."""
    return {"the perfect one": perfect, **PLAYERS}


def audit(metric_table: MetricTable, perfect: str) -> dict[str, Any]:
    """Figures and ranks in one world."""
    who, rules = players(perfect), []
    for rule in RULES:
        found = {name: metric_table.estimate(one, rule.metric) for name, one in who.items()}
        found = {name: figure for name, figure in found.items() if figure}
        if "the perfect one" not in found:
            continue
        top = found["the perfect one"].value
        # Equal within rounding is not better: in ar1 the copier is the perfect predictor.
        better = {n: f.value for n, f in found.items() if f.value > top + 1e-6}
        rules.append(
            {
                "rule": rule.name,
                "whose": rule.whose,
                "metric": rule.metric,
                "perfect_rank": 1 + len(better),
                "first": max(better, key=better.get) if better else "the perfect one",
                "figures": {name: plain(figure) for name, figure in found.items()},
            }
        )
    return {"windows": len(metric_table.windows), "perfect": perfect, "rules": rules}


def table(world: str, metric_table: MetricTable, perfect: str) -> Table:
    """One world for a reader; after each figure its rank among the four."""
    who = players(perfect)
    if perfect == SHOWN_TARGET:
        who["ridge"] = "ridge"
    rows = []
    for name, one in who.items():
        row = [name]
        for rule in RULES:
            figure = metric_table.estimate(one, rule.metric)
            row.append(signed(figure and figure.value))
        rows.append(tuple(row))
    header = ("", *(f"{rule.whose}: {rule.name}" for rule in RULES))
    return Table(header, tuple(rows), f"{world} (perfect: {perfect})")

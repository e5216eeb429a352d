"""Several runs on the same targets: a table, paired differences and the ship verdict."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from lvmctl.core.reporter import Reporter
from lvmctl.core.runs import RunLike, find_run
from lvmctl.data.splits.identity import identity
from lvmctl.data.windows import Windows
from lvmctl.evaluation.comparable import (
    known,
    named_run,
    row_names,
    same_data,
    same_dimension,
    same_horizon,
)
from lvmctl.evaluation.compare_rendering import compare_lines
from lvmctl.evaluation.eval_data import EvalData, EvalRequest, of_run
from lvmctl.evaluation.evaluate import fit, measured, run_record
from lvmctl.evaluation.fivecat.evidence import evidence
from lvmctl.evaluation.fivecat.latency import latency, ratio_of, reference_of
from lvmctl.evaluation.gates.profile_verdicts import ProfileVerdict, profile_verdict
from lvmctl.evaluation.gates.profiles import find_profile
from lvmctl.evaluation.measure import Protocol
from lvmctl.evaluation.metric_table import MetricTable
from lvmctl.evaluation.per_window import difference
from lvmctl.evaluation.predictors import baseline_names, reading_newest
from lvmctl.evaluation.trained import Trained, load_run
from lvmctl.registry import Registry

SHOWN = (
    "in_article.filtered.r@1",
    "in_article.filtered.r@5",
    "in_article.filtered.r@10",
    "in_article.filtered.mrr@10",
    "cos_next",
)
"""Figures that are compared."""

SHIP = "ship"
"""The profile that says whether a model may replace what is in use."""


@dataclass(frozen=True)
class Compared:
    """One run of a comparison.

    Attributes:
        trained, data: the run and its data.
        name: its row, the run directory's name.
        metric_table: what it and the baselines of its K did.
        times: latency.
        ship: the verdict of the profile :data:`SHIP`; None where it is not installed.
    """

    trained: Trained
    data: EvalData
    name: str
    metric_table: MetricTable
    times: dict[str, Any]
    ship: ProfileVerdict | None


@dataclass(frozen=True)
class Comparison:
    """Runs and baselines on the targets that all of them have.

    Attributes:
        runs: in the order they were named.
        against: the baseline or run that differences are taken to.
        targets: how many windows are counted.
    """

    runs: list[Compared]
    against: str
    targets: int

    def to_dict(self) -> dict[str, Any]:
        """As plain data; baselines are those that read the longest window."""
        return dict(self._tree)

    @cached_property
    def _tree(self) -> dict[str, Any]:
        first, names = self.runs[0], [run.name for run in self.runs]
        longest = max(self.runs, key=lambda run: run.data.context)  # the first of them
        tables = {id(run.metric_table): run.metric_table.record() for run in self.runs}
        rows = {run.name: tables[id(run.metric_table)]["predictors"][run.name] for run in self.runs}
        table = tables[id(longest.metric_table)]
        others = {name: row for name, row in table["predictors"].items() if name not in names}
        return {
            "windows": self.targets,
            "articles": table["articles"],
            "window": longest.data.context,
            "against": self.against,
            "data": first.data.record(),
            "runs": {
                run.name: run_record(run.trained)
                | {
                    "context": run.data.context,
                    "horizon": run.data.val.horizon,
                    "direction": run.trained.plan.options.direction,
                    "differences": self._differences(run),
                    "latency": run.times,
                    "ship": None if run.ship is None else run.ship.record(),
                }
                for run in self.runs
            },
            "directions": [directions(*pair) for pair in self.pairs()],
            "predictors": rows | others,
        }

    def _differences(self, run: Compared) -> dict[str, Any]:
        """``run`` minus ``against``, a run in its own table or a baseline as ``run`` reads it, in
        every shown metric; nothing for a run and itself."""
        if run.name == self.against:
            return {}
        tables = {other.name: other.metric_table for other in self.runs}
        other = tables.get(self.against, run.metric_table)
        paths = (*SHOWN, "global.filtered.r@10")
        return run.metric_table.differences(run.name, self.against, paths, other)

    def pairs(self) -> list[tuple[Compared, Compared]]:
        """Runs of one recipe and K, one read forward and one backward."""

        def kind(run: Compared) -> tuple[str, int]:
            return run.trained.plan.recipe, run.data.context

        forward = [run for run in self.runs if not run.data.val.split.backward]
        backward = [run for run in self.runs if run.data.val.split.backward]
        return [(f, b) for f in forward for b in backward if kind(f) == kind(b)]

    def table(self) -> str:
        """Metrics, differences and verdicts for a reader."""
        return "\n".join(compare_lines(self.to_dict()))


def compare(
    registry: Registry,
    runs: Sequence[RunLike],
    against: str,
    request: EvalRequest,
    reporter: Reporter,
) -> Comparison:
    """Measure ``runs`` on one split and hold each against ``against``, a baseline or one of them
    (docs/methods.md#protocol).

    One pool for all: runs of other K are compared on the targets that all of them have. Each reads
    its own newest K chunks, pools leave out the longest window, and each is held against the
    baseline that reads as much as it does.

    Raises:
        UsageError: an unknown ``against``, runs of other horizons, or one that is named twice.
        DataError: the runs were validated on different data and none is named, or read vectors of
            different spaces.
    """
    trained = [load_run(registry, find_run(run)) for run in runs]
    names = row_names(trained, baseline_names(registry))
    against = named_run(against, trained, names)
    known(against, [*baseline_names(registry), *names])
    same_horizon(trained)
    same_dimension(trained)
    longest = max(run.plan.options.context for run in trained)
    each_data = [of_run(request, run, longest) for run in trained]
    trained = [run.in_space(data.same_space) for run, data in zip(trained, each_data)]
    same_data(trained, each_data)
    for notice in notices_of(names, each_data):
        reporter.info(notice)
    least = max(data.min_article for data in each_data)
    if any(data.min_article < least for data in each_data):
        reporter.info(f"all are ranked in articles of at least {least} chunks, as one run requires")
    judged = find_profile(registry, SHIP) if SHIP in registry.names("profile") else None
    gates = [] if judged is None else judged[1]
    metric_tables: dict[str, MetricTable] = {}
    compared = []
    for run, name, data in zip(trained, names, each_data):
        # Baselines are fitted and measured once for runs that read as much of the same text.
        options = run.plan.options
        read = [data.context, options.transform, options.direction]
        key = json.dumps([*read, identity(data.record())])
        if key not in metric_tables:
            fitted, _ = fit(registry, replace(data, notices=[]), reporter)
            others = [reading_newest(other, data.context) for other in fitted]
            known(against, [*(other.name for other in others), *names])
            protocol = Protocol(pools=("filtered",), min_article=least)
            metric_tables[key] = measured(data.val, others, protocol, reporter)
        metric_table, predictor = metric_tables[key], run.predictor(name)
        metric_table.add(reading_newest(predictor, data.context))
        # Those that are evaluated, cut to what the run reads.
        own = Windows(data.val.split, data.context, data.val.horizon)
        times = latency(registry, run, predictor, own, reference_of(registry, gates))
        proof = evidence(registry, {"val": metric_table}, name, ratio_of(times))
        ship = judged and profile_verdict(*judged, name, predictor.geometry, proof)
        compared.append(Compared(run, data, name, metric_table, times, ship))
    return Comparison(compared, against, len(each_data[0].val))


def notices_of(names: Sequence[str], each_data: Sequence[EvalData]) -> list[str]:
    """What the user should hear about the data of the runs, each with those that it is about where
    that is not all."""
    about: dict[str, list[str]] = {}
    for name, data in zip(names, each_data):
        for notice in data.notices:
            about.setdefault(notice, []).append(name)
    return [
        notice if len(whose) == len(names) else f"{', '.join(whose)}: {notice}"
        for notice, whose in about.items()
    ]


def directions(forward: Compared, backward: Compared) -> dict[str, Any]:
    """A run less the same recipe read backward, in every shown metric.

    Both count as many windows of each article, with other targets; articles are what is resampled,
    so that each article is paired with itself.
    """
    by_path = {}
    for path in SHOWN:
        pair = [run.metric_table.metric(run.name, path) for run in (forward, backward)]
        if None not in pair:
            by_path[path] = forward.metric_table.of_metric(difference(*pair)).counted()
    return {"forward": forward.name, "backward": backward.name, "differences": by_path}

"""Several runs on the same targets: a table, paired differences and the ship verdict."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from lvmctl.core.errors import DataError, UsageError, nearest
from lvmctl.core.inputs import real
from lvmctl.core.reporter import Reporter
from lvmctl.core.runs import RunLike, find_run
from lvmctl.data.splits.identity import identity
from lvmctl.data.windows import Windows
from lvmctl.evaluation.compare_rendering import compare_lines
from lvmctl.evaluation.eval_data import EvalData, EvalRequest, of_run
from lvmctl.evaluation.evaluate import fit, measured, run_record
from lvmctl.evaluation.fivecat.evidence import evidence
from lvmctl.evaluation.fivecat.latency import latency, ratio_of, reference_of
from lvmctl.evaluation.fivecat.run import plain
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
        against: the predictor that differences are taken to.
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
                    "differences": differences(run.metric_table, run.name, self.against),
                    "latency": run.times,
                    "ship": None if run.ship is None else run.ship.record(),
                }
                for run in self.runs
            },
            "directions": [directions(*pair) for pair in self.pairs()],
            "predictors": rows | others,
        }

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
    """Measure ``runs`` on one split and hold each against ``against`` (docs/methods.md#protocol).

    One pool for all: runs of other K are compared on the targets that all of them have. Each reads
    its own newest K chunks, pools leave out the longest window, and each is held against the
    baseline that reads as much as it does.

    Raises:
        UsageError: an unknown ``against``, runs of other horizons, or one that is named twice.
        DataError: the runs were validated on different data and none is named.
    """
    known(against, baseline_names(registry))
    trained = [load_run(registry, find_run(run)) for run in runs]
    names = row_names(trained, baseline_names(registry))
    same_horizon(trained)
    longest = max(run.plan.options.context for run in trained)
    each_data = [of_run(request, run, longest) for run in trained]
    trained = [run.in_space(data.same_space) for run, data in zip(trained, each_data)]
    same_data(trained, each_data)
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
            others = [
                reading_newest(other, data.context) for other in fit(registry, data, reporter)[0]
            ]
            known(against, [other.name for other in others])
            protocol = Protocol(pools=("filtered",), min_article=least)
            metric_tables[key] = measured(data.val, others, protocol, reporter)
        metric_table, predictor = metric_tables[key], run.predictor(name)
        metric_table.add(reading_newest(predictor, data.context))
        times = latency(registry, run, predictor, own_windows(data), reference_of(registry, gates))
        proof = evidence(registry, {"val": metric_table}, name, ratio_of(times))
        ship = judged and profile_verdict(*judged, name, predictor.geometry, proof)
        compared.append(Compared(run, data, name, metric_table, times, ship))
    return Comparison(compared, against, len(each_data[0].val))


def own_windows(data: EvalData) -> Windows:
    """The windows that are evaluated, cut to what the run reads."""
    return Windows(data.val.split, data.context, data.val.horizon)


def row_names(trained: Sequence[Trained], taken: Sequence[str]) -> list[str]:
    """Names of the runs' rows: paths where a name is not theirs alone."""
    names = [run.name for run in trained]
    paths = [real(run.run.path) for run in trained]
    for path in paths:
        if paths.count(path) > 1:
            raise UsageError("the run is named twice", where=path, hint="name each run once")
    return [
        name if names.count(name) == 1 and name not in taken else str(real(run.run.path))
        for name, run in zip(names, trained)
    ]


def same_horizon(trained: Sequence[Trained]) -> None:
    """Refuse runs that predict chunks at different distances."""
    first = trained[0]
    for run in trained:
        if run.plan.options.horizon != first.plan.options.horizon:
            raise UsageError(
                f"predicts {run.plan.options.horizon} chunks ahead, {first.name} "
                f"{first.plan.options.horizon}: they cannot be compared",
                where=run.run.path,
                hint="compare runs of one horizon",
            )


def same_data(trained: Sequence[Trained], each_data: Sequence[EvalData]) -> None:
    """Refuse runs that were validated on different articles."""
    content = [
        (data.val.split.source["content_hash"], data.val.split.source["articles_sha256"])
        for data in each_data
    ]
    for run, data, other in zip(trained, each_data, content):
        if other != content[0]:
            raise DataError(
                f"was validated on {data.val.split.name}, {trained[0].name} on other articles",
                where=run.run.path,
                hint="name one split for all with --data",
            )


def differences(metric_table: MetricTable, name: str, against: str) -> dict[str, Any]:
    """``name`` minus ``against`` in every shown metric, with intervals and p values."""
    by_path = {}
    for path in (*SHOWN, "global.filtered.r@10"):
        estimate = metric_table.difference(name, against, path)
        if estimate is not None:
            by_path[path] = plain(estimate) | {"p": metric_table.p_value(name, against, path)}
    return by_path


def directions(forward: Compared, backward: Compared) -> dict[str, Any]:
    """A run less the same recipe read backward, in every shown metric.

    Both count as many windows of each article, with other targets; articles are what is resampled,
    so that each article is paired with itself.
    """
    by_path = {}
    for path in SHOWN:
        pair = [run.metric_table.metric(run.name, path) for run in (forward, backward)]
        if None not in pair:
            by_path[path] = plain(forward.metric_table.of_metric(difference(*pair)))
    return {"forward": forward.name, "backward": backward.name, "differences": by_path}


def known(name: str, names: Sequence[str]) -> None:
    """Refuse a name that no predictor has."""
    if name not in names:
        close = nearest(name, list(names))
        hint = f"did you mean {close!r}?" if close else f"there are {', '.join(names)}"
        raise UsageError(f"there is no baseline {name!r}", where="--against", hint=hint)

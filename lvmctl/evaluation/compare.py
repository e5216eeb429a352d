"""Several runs on the same targets: a table, paired differences and the ship verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from lvmctl.core.errors import DataError, UsageError, nearest
from lvmctl.core.reporter import Reporter
from lvmctl.core.run_directory import find_run
from lvmctl.data.windows import Windows
from lvmctl.evaluation.compare_rendering import compare_lines
from lvmctl.evaluation.eval_data import EvalData, EvalRequest, of_run
from lvmctl.evaluation.evaluate import fit, measured, run_record
from lvmctl.evaluation.fivecat.evidence import evidence
from lvmctl.evaluation.fivecat.latency import latency, reference_of
from lvmctl.evaluation.fivecat.run import plain
from lvmctl.evaluation.gates.profile_verdicts import ProfileVerdict, profile_verdict
from lvmctl.evaluation.gates.profiles import find_profile
from lvmctl.evaluation.measure import Measured, Protocol, Ranked
from lvmctl.evaluation.metric_table import Sheet
from lvmctl.evaluation.per_window import Column
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
        sheet: what it and the baselines of its K and h did.
        times: latency.
        ship: the verdict of the profile :data:`SHIP`; None where it is not installed.
    """

    trained: Trained
    data: EvalData
    name: str
    sheet: Sheet
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
        """As plain data; baselines are those of the first run's K and h."""
        return dict(self._tree)

    @cached_property
    def _tree(self) -> dict[str, Any]:
        first = self.runs[0]
        tables = [one.sheet.record() for one in self.runs]
        predictors = dict(tables[0]["predictors"])
        for one, table in zip(self.runs, tables):
            predictors[one.name] = table["predictors"][one.name]
        return {
            "windows": self.targets,
            "articles": tables[0]["articles"],
            "against": self.against,
            "data": first.data.record(),
            "runs": {
                one.name: run_record(one.trained)
                | {
                    "context": one.data.val.context_length,
                    "horizon": one.data.val.horizon,
                    "differences": differences(one.sheet, one.name, self.against),
                    "latency": one.times,
                    "ship": None if one.ship is None else one.ship.record(),
                }
                for one in self.runs
            },
            "predictors": predictors,
        }

    def table(self) -> str:
        """Metrics, differences and verdicts for a reader."""
        return "\n".join(compare_lines(self.to_dict()))


def compare(
    registry: Registry,
    runs: Sequence[str | None],
    against: str,
    request: EvalRequest,
    reporter: Reporter,
) -> Comparison:
    """Measure ``runs`` on one split and hold each against ``against`` (METHODS §3).

    Runs of other K or h are compared on the targets that all of them predict; each is held against
    the baseline of its own K and h, whose pool leaves out the same window.

    Raises:
        UsageError: an unknown ``against``, or a run that is named twice.
        DataError: the runs were validated on different data and none is named.
    """
    trained = [load_run(registry, find_run(run)) for run in runs]
    names = row_names(trained, registry.names("baseline"))
    each_data = [of_run(request, one) for one in trained]
    same_data(trained, each_data)
    shared = shared_targets([data.val for data in each_data])
    judged = find_profile(registry, SHIP) if SHIP in registry.names("profile") else None
    gates = [] if judged is None else judged[1]
    fitted: dict[tuple, list] = {}
    found = []
    for one, name, data in zip(trained, names, each_data):
        shape = (data.val.context_length, data.val.horizon, one.plan.options.transform)
        if shape not in fitted:
            fitted[shape], _ = fit(registry, data, reporter)
        others = fitted[shape]
        known(against, [other.name for other in others])
        predictor = one.predictor(name)
        protocol = Protocol(pools=("filtered",), min_article=data.min_article)
        sheet = measured(data.val, [predictor, *others], protocol, reporter)
        keep = np.flatnonzero(np.isin(target_rows(data.val), shared))
        sheet.measured = {row: only(each, keep) for row, each in sheet.measured.items()}
        times = latency(registry, one, predictor, data.val, reference_of(registry, gates))
        proof = evidence(registry, {"val": sheet}, name, times["ratio"])
        ship = judged and profile_verdict(*judged, name, predictor.geometry, proof)
        found.append(Compared(one, data, name, sheet, times, ship))
    return Comparison(found, against, len(shared))


def row_names(trained: Sequence[Trained], taken: Sequence[str]) -> list[str]:
    """Names of the runs' rows: paths where a name is not theirs alone."""
    names = [one.name for one in trained]
    paths = [one.run.path.resolve() for one in trained]
    for path in paths:
        if paths.count(path) > 1:
            raise UsageError("the run is named twice", where=path, mend="name each run once")
    return [
        name if names.count(name) == 1 and name not in taken else str(one.run.path.resolve())
        for name, one in zip(names, trained)
    ]


def same_data(trained: Sequence[Trained], each_data: Sequence[EvalData]) -> None:
    """Refuse runs that were validated on different articles."""
    content = [
        (data.val.split.source["content_hash"], data.val.split.source["articles_sha256"])
        for data in each_data
    ]
    for one, data, other in zip(trained, each_data, content):
        if other != content[0]:
            raise DataError(
                f"was validated on {data.val.split.name}, {trained[0].name} on other articles",
                where=one.run.path,
                mend="name one split for all with --data",
            )


def target_rows(windows: Windows) -> np.ndarray:
    """(W,) row of each window's target."""
    return windows.rows + windows.target_offset


def shared_targets(each: Sequence[Windows]) -> np.ndarray:
    """Rows of the targets that all have, ascending."""
    shared = target_rows(each[0])
    for windows in each[1:]:
        shared = np.intersect1d(shared, target_rows(windows))
    return shared


def only(measured: Measured, keep: np.ndarray) -> Measured:
    """``measured`` on the windows ``keep`` alone."""
    columns = {}
    for path, column in measured.columns.items():
        there = np.isin(column.rows, keep)
        columns[path] = Column(column.values[there], column.rows[there])
    ranks = {}
    for path, ranked in measured.ranks.items():
        there = np.isin(ranked.rows, keep)
        ranks[path] = Ranked(ranked.ranks[there], ranked.sizes[there], ranked.rows[there])
    return Measured(measured.predictor, columns, ranks)


def differences(sheet: Sheet, name: str, against: str) -> dict[str, Any]:
    """``name`` minus ``against`` in every shown figure, with intervals and p values."""
    found = {}
    for path in (*SHOWN, "global.filtered.r@10"):
        figure = sheet.difference(name, against, path)
        if figure is not None:
            found[path] = plain(figure) | {"p": sheet.p_value(name, against, path)}
    return found


def known(name: str, names: Sequence[str]) -> None:
    """Refuse a name that no predictor has."""
    if name not in names:
        close = nearest(name, list(names))
        mend = f"did you mean {close!r}?" if close else f"there are {', '.join(names)}"
        raise UsageError(f"there is no baseline {name!r}", where="--against", mend=mend)

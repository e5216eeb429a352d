"""From what the user asked for to measured predictors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np

from lvmctl import processes
from lvmctl.core.errors import PluginError
from lvmctl.core.formatting import LONG, count, duration
from lvmctl.core.reporter import Reporter
from lvmctl.core.runs import RunLike, find_run
from lvmctl.data.windows import Windows
from lvmctl.evaluation.eval_data import EvalData, EvalRequest, of_run, of_store
from lvmctl.evaluation.expected import expected_seconds
from lvmctl.evaluation.fivecat.ceilings import margin_ceilings
from lvmctl.evaluation.measure import Protocol
from lvmctl.evaluation.metric_table import MetricTable
from lvmctl.evaluation.predictors import Predictor, baselines
from lvmctl.evaluation.rendering import summary_text
from lvmctl.evaluation.shared_out import measure_all
from lvmctl.evaluation.trained import Trained, load_run
from lvmctl.registry import Registry

CLASSES = ("cone", "span", "unit")
"""What q can be, from the narrowest."""


@dataclass(frozen=True)
class Evaluation:
    """Predictors measured on held-out windows.

    Attributes:
        data: the data.
        metric_table: what each predictor did.
        trained: the run, if there is one.
        left_out: baselines without training data.
    """

    data: EvalData
    metric_table: MetricTable
    trained: Trained | None
    left_out: list[str]

    def to_dict(self) -> dict[str, Any]:
        """The result as plain data, as ``--json`` prints it."""
        return dict(self._tree)

    @cached_property
    def _tree(self) -> dict[str, Any]:
        run = {} if self.trained is None else run_record(self.trained)
        return {
            **run,
            **self.data.conditions(self.left_out),
            **self.metric_table.record(),
        }

    def table(self, full: bool = False) -> str:
        """The main metrics of every predictor for a reader; with ``full`` the margins, too."""
        return summary_text(self.to_dict(), full)


def run_record(trained: Trained) -> dict[str, Any]:
    """What says which run this is."""
    return {
        "run": str(trained.run.path),
        "recipe": trained.plan.recipe,
        "geometry": trained.plan.model.entry.record.geometry,
        "reads": list(trained.plan.model.entry.record.reads),
    }


def evaluate_store(
    registry: Registry,
    request: EvalRequest,
    shape: tuple[int, int],
    protocol: Protocol,
    reporter: Reporter,
) -> Evaluation:
    """Baselines and oracles on a store, without a run."""
    data = of_store(request, *shape)
    others, left_out = fit(registry, data, reporter)
    metric_table = measured(data.val, others, protocol_of(protocol, data), reporter)
    return Evaluation(data, metric_table, None, left_out)


def evaluate_run(
    registry: Registry,
    run: RunLike,
    request: EvalRequest,
    protocol: Protocol,
    reporter: Reporter,
    bounds: bool = False,
) -> Evaluation:
    """A run (the latest by default), baselines and oracles on held-out windows.

    Args:
        bounds: work out the margin ceilings of every class too.

    Raises:
        RunError, DataError: see :func:`~lvmctl.evaluation.trained.load_run` and
            :func:`~lvmctl.evaluation.eval_data.of_run`.
    """
    trained = load_run(registry, find_run(run))
    data = of_run(request, trained)
    trained = trained.in_space(data.same_space)
    others, left_out = fit(registry, data, reporter)
    predictors = [trained.predictor(), *others]
    metric_table = measured(data.val, predictors, protocol_of(protocol, data), reporter)
    for geometry in CLASSES if bounds else ():
        ceiling = margin_ceilings(data.val, geometry)
        metric_table.ceilings[f"{geometry}-margin-ceiling"] = ceiling
    return Evaluation(data, metric_table, trained, left_out)


def protocol_of(protocol: Protocol, data: EvalData) -> Protocol:
    """``protocol`` with the shortest article of the data."""
    return replace(protocol, min_article=data.min_article)


def fit(
    registry: Registry, data: EvalData, reporter: Reporter
) -> tuple[list[Predictor], list[str]]:
    """Baselines and oracles for the data; says what it did and what is left out."""
    for notice in data.notices:
        reporter.info(notice)
    if data.train is not None:
        reporter.info(
            f"baselines are fitted on {count(len(data.train), 'window')} of {data.train.split.name}"
        )
    predictors, left_out = baselines(registry, data.shape, data.train, reporter)
    if left_out and data.train is None:
        reporter.info(
            f"left out, because there is no training data to fit them on: "
            f"{', '.join(left_out)} (give --train STORE)"
        )
    return predictors, left_out


def measured(
    windows: Windows,
    predictors: Sequence[Predictor],
    protocol: Protocol,
    reporter: Reporter,
    seed: int = 0,
    known: Mapping[str, np.ndarray] = MappingProxyType({}),
) -> MetricTable:
    """The metrics of ``predictors`` on ``windows``; ``known`` predictions are not made again, and
    a plugin's baseline that fails is left out. The processes of a job share the work."""
    metric_table = MetricTable(windows, protocol, seed)
    announce(windows, predictors, protocol, reporter)
    with reporter.progress(windows.split.name, "predictors", len(predictors)) as done:
        every = measure_all(windows, predictors, protocol, known)
        for predictor, result in zip(predictors, every):
            if not isinstance(result, PluginError):
                metric_table.put(result)
            elif predictor.optional:
                reporter.warning(f"{predictor.name} is left out: {result}")
            else:
                raise result
            done(1)
    return metric_table


def announce(
    windows: Windows, predictors: Sequence[Predictor], protocol: Protocol, reporter: Reporter
) -> None:
    """Say how long it will take to measure ``predictors``, where that is more than a minute."""
    if processes.rank():
        return
    seconds = expected_seconds(windows, predictors, protocol)
    if seconds is not None and (seconds := seconds / processes.size()) > LONG:
        pool = windows.split.whole or windows.split
        chunks = f", each ranked among {count(pool.chunks, 'chunk')}" * protocol.everywhere
        reporter.info(
            f"{windows.split.name}: this takes about {duration(seconds)}, for "
            f"{count(len(predictors), 'predictor')} on {count(len(windows), 'window')}"
            f"{chunks}; --max-windows N takes fewer windows"
        )

"""Baselines and oracles on held-out windows, for diagnostics that need no run."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

from lvmctl.core.formatting import MISSING, estimate
from lvmctl.core.reporter import Reporter
from lvmctl.data.splits.open import Splits
from lvmctl.data.windows import Windows
from lvmctl.diagnostics.data.window_options import WindowOptions
from lvmctl.evaluation.evaluate import measured
from lvmctl.evaluation.fivecat.ceilings import margin_ceilings
from lvmctl.evaluation.gates.bounds import Estimate
from lvmctl.evaluation.gates.verdicts import numbers
from lvmctl.evaluation.measure import Protocol
from lvmctl.evaluation.metric_table import MetricTable
from lvmctl.evaluation.predictors import Predictor, baselines, raw, row_name
from lvmctl.registry import load_registry
from lvmctl.registry.specs import Geometry, Shape

CLASSES: tuple[Geometry, ...] = ("unit", "span", "cone")
"""Classes of models: any direction, linear combinations of the window, mixtures of it."""

ORACLES = {"unit": "oracle", "span": "span-oracle", "cone": "cone-oracle"}
"""The cosine optimum of each class, which sees the target."""


def windows_of(splits: Splits, options: WindowOptions) -> tuple[Windows, Windows]:
    """Training and validation windows."""
    shape = (options.context, options.horizon)
    return Windows(splits.train, *shape), Windows(splits.val, *shape)


def metric_table_of(
    train: Windows, val: Windows, options: WindowOptions, reporter: Reporter, tests: str = ""
) -> MetricTable:
    """Every baseline, fitted on ``train``, and every oracle, on ``val``; with margin ceilings.

    Args:
        tests: letters of 5CAT tests that are wanted too.
    """
    return with_ceilings(
        metric_table_on(val, fitted(train, options, reporter), options, reporter, tests)
    )


def fitted(
    train: Windows,
    options: WindowOptions,
    reporter: Reporter,
    only: Container[str] | None = None,
) -> list[Predictor]:
    """Every baseline, fitted on ``train``, and every oracle; of ``only`` these, uncentred."""
    registry = load_registry()
    shape = Shape(train.split.dim, options.context, options.horizon)
    if only is None:
        return baselines(registry, shape, train, reporter.info)[0]
    named = {row_name(registry, entry): entry for entry in registry.entries("baseline")}
    return [
        raw(registry, entry, name, shape, train) for name, entry in named.items() if name in only
    ]


def metric_table_on(
    windows: Windows,
    predictors: list[Predictor],
    options: WindowOptions,
    reporter: Reporter,
    tests: str = "",
) -> MetricTable:
    """``predictors`` on ``windows``.

    Args:
        tests: letters of 5CAT tests that are wanted too.
    """
    protocol = Protocol(
        pools=("filtered", "unfiltered"),
        everywhere=False,
        min_article=options.min_article,
        tests=tests,
    )
    return measured(windows, predictors, protocol, reporter)


def with_ceilings(metric_table: MetricTable) -> MetricTable:
    """``metric_table`` with the largest margins of each class of models."""
    for geometry in CLASSES:
        ceiling = margin_ceilings(metric_table.windows, geometry)
        metric_table.ceilings[f"{geometry}-margin-ceiling"] = ceiling
    return metric_table


def plain(figure: Estimate | None) -> dict[str, Any] | None:
    """A figure as plain data, None where there is none."""
    return None if figure is None else numbers(figure)


def shown(figure: Estimate | None, signed: bool = False) -> str:
    """``.545 [.530, .560]`` for a reader, ``-`` where there is no figure."""
    if figure is None:
        return MISSING
    return estimate(figure.value, (figure.low, figure.high), signed=signed)

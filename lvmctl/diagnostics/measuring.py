"""Baselines and oracles on held-out windows, for diagnostics that need no run."""

from __future__ import annotations

from collections.abc import Container

from lvmctl.core.reporter import Reporter
from lvmctl.data.splits.open import Splits
from lvmctl.data.windows import Windows
from lvmctl.diagnostics.records import ShapeOptions, WindowOptions
from lvmctl.evaluation.evaluate import measured
from lvmctl.evaluation.fivecat.ceilings import margin_ceilings
from lvmctl.evaluation.measure import Protocol
from lvmctl.evaluation.metric_table import MetricTable
from lvmctl.evaluation.predictors import Predictor, baselines, raw, row_name
from lvmctl.registry import load_registry
from lvmctl.registry.specs import Geometry, Shape

CLASSES: tuple[Geometry, ...] = ("unit", "span", "cone")
"""Classes of models: any direction, linear combinations of the window, mixtures of it."""

R5 = "in_article.filtered.r@5"


def windows_of(splits: Splits, options: ShapeOptions) -> tuple[Windows, Windows]:
    """Training and validation windows."""
    shape = (options.context, options.horizon)
    return Windows(splits.train, *shape), Windows(splits.val, *shape)


def fit_predictors(
    train: Windows, reporter: Reporter, only: Container[str] | None = None
) -> list[Predictor]:
    """Every baseline, fitted on ``train``, and every oracle; of ``only`` these, uncentred."""
    registry = load_registry()
    shape = Shape(train.split.dim, train.context_length, train.horizon)
    if only is None:
        return baselines(registry, shape, train, reporter)[0]
    named = {row_name(registry, entry): entry for entry in registry.entries("baseline")}
    return [
        raw(registry, entry, name, shape, train) for name, entry in named.items() if name in only
    ]


def measure_predictors(
    windows: Windows,
    predictors: list[Predictor],
    options: WindowOptions,
    reporter: Reporter,
    tests: str = "",
    ceilings: bool = False,
) -> MetricTable:
    """``predictors`` on ``windows``; with the 5CAT ``tests`` of these letters, and with the largest
    margins of each class of models as ``ceilings``."""
    protocol = Protocol(
        pools=("filtered", "unfiltered"),
        everywhere=False,
        min_article=options.min_article,
        tests=tests,
    )
    table = measured(windows, predictors, protocol, reporter)
    for geometry in CLASSES if ceilings else ():
        table.ceilings[ceiling_name(geometry)] = margin_ceilings(windows, geometry)
    return table


def measure(
    splits: Splits,
    options: WindowOptions,
    reporter: Reporter,
    only: Container[str],
    tests: str = "",
    ceilings: bool = False,
) -> MetricTable:
    """The predictors ``only``, fitted on training windows, on those of validation."""
    train, val = windows_of(splits, options)
    predictors = fit_predictors(train, reporter, only)
    return measure_predictors(val, predictors, options, reporter, tests, ceilings)


def ceiling_name(geometry: Geometry) -> str:
    """What the largest margins of a class of models are called in a metric table."""
    return f"{geometry}-margin-ceiling"

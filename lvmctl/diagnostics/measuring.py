"""Baselines and oracles on held-out windows, for diagnostics that need no run."""

from __future__ import annotations

from typing import Any

from lvmctl.data.splits import Splits
from lvmctl.data.windows import Windows
from lvmctl.diagnosis import Screen
from lvmctl.diagnostics.window_options import WindowOptions
from lvmctl.evaluation.ceilings import margin_ceilings
from lvmctl.evaluation.job import measured
from lvmctl.evaluation.measure import Protocol
from lvmctl.evaluation.predictors import baselines
from lvmctl.evaluation.sheet import Sheet
from lvmctl.evaluation.verdicts import numbers
from lvmctl.gates.bounds import Figure
from lvmctl.registry import load_registry
from lvmctl.spec import Geometry, Shape

CLASSES: tuple[Geometry, ...] = ("unit", "span", "cone")
"""Classes of models: any direction, linear combinations of the window, mixtures of it."""

ORACLES = {"unit": "oracle", "span": "span-oracle", "cone": "cone-oracle"}
"""The cosine optimum of each class, which sees the target."""


def windows_of(splits: Splits, options: WindowOptions) -> tuple[Windows, Windows]:
    """Training and validation windows."""
    shape = (options.context, options.horizon)
    return Windows(splits.train, *shape), Windows(splits.val, *shape)


def sheet_of(
    train: Windows, val: Windows, options: WindowOptions, screen: Screen, tests: str = ""
) -> Sheet:
    """Every baseline, fitted on ``train``, and every oracle, on ``val``; with margin ceilings.

    Args:
        tests: letters of 5CAT tests that are wanted too.
    """
    shape = Shape(val.split.dim, options.context, options.horizon)
    predictors, _ = baselines(load_registry(), shape, train)
    protocol = Protocol(
        pools=("filtered", "unfiltered"),
        everywhere=False,
        min_article=options.min_article,
        tests=tests,
    )
    sheet = measured(val, predictors, protocol, screen)
    for geometry in CLASSES:
        sheet.ceilings[f"{geometry}-margin-ceiling"] = margin_ceilings(val, geometry)
    return sheet


def plain(figure: Figure | None) -> dict[str, Any] | None:
    """A figure as plain data, None where there is none."""
    return None if figure is None else numbers(figure)


def shown(figure: Figure | None, signed: bool = False) -> str:
    """``.545 [.530, .560]`` for a reader, ``-`` where there is no figure."""
    if figure is None:
        return "-"
    values = (figure.value, figure.low, figure.high)
    value, low, high = (number(value, signed) for value in values)
    return value if low == high == "nan" else f"{value} [{low}, {high}]"


def number(value: float, signed: bool = False) -> str:
    """``.545``, ``+.125``, ``1.000``."""
    text = f"{value:+.3f}" if signed else f"{value:.3f}"
    return text.replace("0.", ".", 1) if abs(value) < 0.9995 else text

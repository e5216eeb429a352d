"""Figures of a saved result as plots need them: NaN where there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from lvmctl.core.formatting import estimate
from lvmctl.core.tree import get_interval, get_number

NAN = float("nan")
Interval = tuple[float, float]


def real(value: Any) -> float:
    """A number of a JSON file; its nulls are NaN."""
    return NAN if value is None else float(value)


def at(tree: Mapping[str, Any], path: str) -> float:
    """The figure at a dotted path, NaN where there is none."""
    return get_number(tree, path, NAN)


def interval_at(tree: Mapping[str, Any], path: str) -> Interval:
    """The ends of the figure's 95 % interval, NaN where there is none."""
    return get_interval(tree, path, NAN)


def ends(ci: Any) -> Interval:
    """``[low, high]`` or null as two numbers."""
    low, high = ci or (None, None)
    return real(low), real(high)


class Points(NamedTuple):
    """Figures to be drawn, (n,) each: their places, values and the ends of their intervals."""

    places: np.ndarray
    values: np.ndarray
    low: np.ndarray
    high: np.ndarray


def points(tree: Mapping[str, Any], paths: Sequence[str]) -> Points:
    """The figures at ``paths`` that there are; their places are those of the paths."""
    every = [(n, at(tree, path), *interval_at(tree, path)) for n, path in enumerate(paths)]
    rows = np.array(every, dtype=float).reshape(-1, len(Points._fields))
    return Points(*rows[np.isfinite(rows[:, 1])].T)


def with_interval(tree: Mapping[str, Any], path: str) -> str:
    """``.249 [.210, .290]``."""
    return estimate(get_number(tree, path), get_interval(tree, path))

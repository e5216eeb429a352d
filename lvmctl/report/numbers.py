"""Figures of a saved result: where they are in its tree, and how they are printed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

NAN = float("nan")
Interval = tuple[float, float]


def real(found: Any) -> float:
    """A number of a JSON file; its nulls are NaN."""
    return NAN if found is None else float(found)


def at(tree: Mapping[str, Any], path: str) -> float:
    """The figure at a dotted path, NaN where there is none."""
    *parents, name = path.split(".")
    return real(_place(tree, parents).get(name))


def interval_at(tree: Mapping[str, Any], path: str) -> Interval:
    """The ends of the figure's 95 % interval, NaN where there is none."""
    *parents, name = path.split(".")
    return ends(_place(tree, parents).get("ci", {}).get(name))


def ends(ci: Any) -> Interval:
    """``[low, high]`` or null as two numbers."""
    low, high = ci or (None, None)
    return real(low), real(high)


def _place(tree: Mapping[str, Any], parents: Iterable[str]) -> Mapping[str, Any]:
    for name in parents:
        tree = tree.get(name) or {}
    return tree


def number(value: float) -> str:
    """To three places: ``.249``, ``−.025``, ``1.000``; ``–`` where there is none."""
    if not math.isfinite(value):
        return "–"
    text = f"{value:.3f}"
    if abs(value) < 0.9995:
        text = text.replace("0.", ".", 1)
    if float(text) == 0:
        text = ".000"
    return text.replace("-", "−")


def interval(ci: Interval) -> str:
    """``[.210, .290]``, nothing where there is no interval."""
    return f"[{number(ci[0])}, {number(ci[1])}]" if all(map(math.isfinite, ci)) else ""


def with_interval(tree: Mapping[str, Any], path: str) -> str:
    """``.249 [.210, .290]``."""
    return f"{number(at(tree, path))} {interval(interval_at(tree, path))}".rstrip()

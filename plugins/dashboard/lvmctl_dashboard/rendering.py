"""Figures as a reader sees them, and as an export has them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import lvmctl

SIGNS = {
    "PASS": "✓",
    "FAIL": "✗",
    "INFEASIBLE": "∅",
    "VACUOUS": "∅",
    "ABSENT": "–",
    "UNDECIDED": "?",
}
"""A status is told by its word and its sign, never by a colour."""


class Cell(NamedTuple):
    """A cell of a table.

    Attributes:
        text: what is shown.
        values: what a CSV or JSON export has, by the end of the column's name.
        detail: what is shown smaller behind the text.
    """

    text: str
    values: Mapping[str, Any]
    detail: str = ""


def figure(
    value: float | None,
    ends: Sequence[float] | None = None,
    digits: int | None = 3,
    signed: bool = False,
) -> Cell:
    """A number with its 95 % interval."""
    text = lvmctl.format_number(value, digits, signed)
    if value is None or ends is None or None in ends:
        return Cell(text, {"": value})
    low, high = (lvmctl.format_number(end, digits, signed) for end in ends)
    values = {"": value, "low": ends[0], "high": ends[1]}
    return Cell(text, values, f"[{low}, {high}]")


def metric(tree: Any, path: str) -> Cell:
    """The metric at a dotted path of a tree of metrics, with its interval."""
    above, _, name = path.rpartition(".")
    ends = tree
    for key in [*filter(None, above.split(".")), "ci"]:
        ends = ends.get(key) if isinstance(ends, Mapping) else None
    ends = ends.get(name) if isinstance(ends, Mapping) else None
    return figure(lvmctl.get_number(tree, path), ends)


def date(seconds: float) -> str:
    """``2025-11-04 22:25``."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))


def leaves(tree: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """What is in nested mappings, by dotted path."""
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        path = f"{above}.{key}" if above else str(key)
        if isinstance(value, Mapping):
            flat |= leaves(value, path)
        else:
            flat[path] = value
    return flat


def asks(gate: Mapping[str, Any]) -> str:
    """What a gate asks for: ``≥ direct +.100``."""
    sign = {">=": "≥", "<=": "≤", ">": ">", "<": "<"}.get(gate["op"], gate["op"])
    if gate.get("against"):
        bound = lvmctl.format_number(gate["bound"], 3, signed=True)
        return f"{sign} {gate['against']} {bound}"
    return f"{sign} {lvmctl.format_number(gate['bound'])}"


def status(word: str) -> str:
    """A status with its sign."""
    return f"{SIGNS.get(word, '')} {word}".strip()


def gate_cells(gate: Mapping[str, Any]) -> tuple[str, list[Any]]:
    """A gate's row: its name; verdict, what it asks, its figure, its ceiling."""
    ceiling = gate.get("ceiling") or {}
    name = f"{gate.get('category', '')} {gate['name']}".strip()
    value = figure(gate.get("value"), gate.get("ci"))
    return name, [status(gate["status"]), asks(gate), value, figure(ceiling.get("value"))]


def row(cells: Sequence[Any]) -> tuple[Any, list[Any]]:
    """The row of a table: its heading and its cells."""
    shown = [figure(cell, digits=None) if isinstance(cell, float) else cell for cell in cells]
    head = shown[0].text if isinstance(shown[0], Cell) else shown[0]
    return head, ["" if cell is None else cell for cell in shown[1:]]

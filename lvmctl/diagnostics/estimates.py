"""A value with its 95 % interval: as plain data, and as the cell of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isnan
from typing import Any

from lvmctl.core.diagnosis import Table
from lvmctl.core.formatting import MISSING, estimate


def estimate_record(value: float, interval: Sequence[float]) -> dict[str, Any]:
    """``{"value": …, "ci": [low, high]}``; ``ci`` is None where the interval is not known."""
    low, high = map(float, interval)
    return {"value": float(value), "ci": None if isnan(low) or isnan(high) else [low, high]}


def format_estimate(record: Mapping[str, Any] | None, digits: int = 3, signed: bool = False) -> str:
    """``.545 [.530, .560]`` for a record of a value and its interval, ``-`` where there is none."""
    return MISSING if record is None else estimate(record["value"], record["ci"], digits, signed)


def estimates_table(records: Mapping[str, Mapping[str, Any]], title: str, note: str = "") -> Table:
    """A table of details: a row for each name, a column for each of its records of a value and its
    interval."""
    rows = tuple(
        (name, *(format_estimate(record) for record in row.values()))
        for name, row in records.items()
    )
    return Table(("", *next(iter(records.values()), ())), rows, title, note, detail=True)

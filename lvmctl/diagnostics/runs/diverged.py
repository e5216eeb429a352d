"""A training whose figures are no numbers any more."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import takewhile
from typing import Any

from lvmctl.core.diagnosis import Finding
from lvmctl.core.formatting import number
from lvmctl.core.tree import get, get_mapping, is_number, leaves
from lvmctl.diagnostics.runs.history import LAST_MARGIN, History

COS_NEXT = "val.cos_next"
ABSENT = object()
FIGURES = (COS_NEXT, "val.cos_anchor", *LAST_MARGIN.split("|"), "val.loss", "train.loss")
"""Figures that are numbers whenever a training in order measures; those of plugins' metrics are
too, and a history from elsewhere may have them beside ``train`` and ``val``."""


def diverged(history: History) -> Iterator[Finding]:
    """Figures that are NaN or infinite at the end."""
    plugins = [f"{part}{name}" for name in history.metrics for part in ("", "train.", "val.")]
    since = {path: broken_since(history, path) for path in (*FIGURES, *plugins)}
    since = {path: epoch for path, epoch in since.items() if epoch is not None}
    if not since:
        return
    broken = ", ".join(f"{path} from epoch {epoch}" for path, epoch in since.items())
    before = ""
    if curve := history.curve(COS_NEXT):
        before = f"; the last cos_next is {number(curve[-1].value)} (epoch {curve[-1].epoch})"
    yield Finding(
        "diverged",
        "critical",
        min(since.values()),
        f"no number any more, up to the last epoch ({history.epochs[-1]}): {broken}{before}",
        "use a smaller lr or precision=fp32; best_model.pt, where there is one, is from before",
        "METHODS §4, AdamW",
    )


def broken_since(history: History, path: str) -> int | None:
    """The first epoch from which on a figure is no number, to its last; None where it ends as one.

    This tool writes NaN as null; others write null for what was not measured. Null counts where
    other figures of that epoch were measured, the figure was a number before (or is cos_next) and
    never came back from null.
    """
    values = [
        (record["epoch"], value)
        for record in history.records
        if (value := get(record, path, ABSENT)) is not ABSENT
        and (value is not None or was_measured(record, path))
    ]
    bad = [*takewhile(lambda pair: is_broken(pair[1]), reversed(values))]
    if not bad:
        return None
    if all(value is None for _, value in bad):
        before = [value for _, value in values[: -len(bad)]]
        if None in before or not (before or path == COS_NEXT):
            return None
    return bad[-1][0]


def is_broken(value: object) -> bool:
    """Whether this is NaN, infinite or null."""
    return value is None or (isinstance(value, float) and not math.isfinite(value))


def was_measured(record: Mapping[str, Any], path: str) -> bool:
    """Whether the part of a record that a figure stands in has any number."""
    part = get_mapping(record, path.partition(".")[0])
    return any(is_number(value) for _, value in leaves(part or record))

"""What a tracker is given: whether a run asked for it, its options, figures and report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from lvmctl import LvmctlError, Run, UsageError, read_json


def options_of(run: Any) -> dict[str, Any]:
    """The resolved options of a run, by name; those of a group with a dot: ``listwise.weight``."""
    config = read_json(run.config)
    named = {"recipe": config.get("recipe"), **config.get("options", {})}
    return dict(flat(named))


def is_tracked(run: Any, tracker: str) -> bool:
    """Whether ``--set track=`` of the run names a tracker."""
    return tracker in [name.strip() for name in str(options_of(run).get("track")).split(",")]


def scalars(record: Mapping[str, Any]) -> dict[str, float]:
    """The figures of an epoch by the names of the history: ``train/loss``, ``val/r@5``, …

    Example:
        >>> scalars({"epoch": 1, "val": {"r@5": 0.5, "margin": {"last": None}}, "lr": 0.1})
        {'val/r@5': 0.5, 'lr': 0.1}
    """
    return {
        name.replace(".", "/"): float(value)
        for name, value in flat(record)
        if name != "epoch" and isinstance(value, int | float) and not isinstance(value, bool)
    }


def flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The leaves of nested mappings, their keys joined by dots."""
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def library(name: str, extra: str) -> ModuleType:
    """A tracker's own library.

    Raises:
        UsageError: it is not installed.
    """
    try:
        return import_module(name)
    except ImportError as error:
        raise UsageError(
            f"{extra} cannot be imported ({error})",
            where=f"track={extra}",
            hint=f"pip install 'lvmctl-trackers[{extra}]'",
        ) from error


def report_page(run: Any) -> Path | None:
    """The report page of a run, written now; None where there is nothing to report."""
    try:
        return Run(run.path).report()
    except LvmctlError:
        return None

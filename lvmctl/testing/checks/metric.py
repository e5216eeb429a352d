"""Checks of metrics: what their record says of a figure that losses and models log."""

from __future__ import annotations

import numpy as np

from lvmctl.data import Windows
from lvmctl.registry.verdict_specs import MetricSpec
from lvmctl.testing.check import Check, CheckFailed, Subject, check, where
from lvmctl.testing.inputs.splits import textlike


@check
def chance_is_possible(subject: Subject) -> None:
    """What guessing has is a value that the metric can have."""
    metric: MetricSpec = subject.record
    if metric.chance is not None and not metric.low <= metric.chance <= metric.high:
        raise CheckFailed(f"{metric.chance:g} is not between {metric.low:g} and {metric.high:g}")


@check
def ceiling_is_a_value_for_each_window(subject: Subject) -> str:
    """The target gives one value for each window, between the metric's bounds or NaN, and the same
    whenever it is asked."""
    metric: MetricSpec = subject.record
    train, windows = (Windows(textlike(seed=seed), 3, 1) for seed in (1, 2))
    measure = subject.registry.resolve(subject.entry)
    values, again = (np.asarray(measure(train, windows), dtype=float) for _ in range(2))
    if values.shape != (len(windows),):
        raise CheckFailed(f"for {len(windows)} windows it gives values of shape {values.shape}")
    outside = (values < metric.low) | (values > metric.high)
    if outside.any():
        raise CheckFailed(
            f"it gives {values[outside][0]:g}, beyond {metric.low:g} to {metric.high:g}"
        )
    if not np.array_equal(values, again, equal_nan=True):
        raise CheckFailed("asked again, it gives other values")
    return f"{np.nanmean(values):.3f} on text-like chunks"


def has_ceiling(subject: Subject) -> bool:
    """Whether the record names a ceiling."""
    return bool(subject.record.target)


CHECKS: tuple[Check, ...] = (
    chance_is_possible,
    *where(has_ceiling, ceiling_is_a_value_for_each_window),
)

"""Checks of metrics."""

from __future__ import annotations

import numpy as np

from lvmctl.data import Windows
from lvmctl.registry.verdict_specs import MetricSpec
from lvmctl.testing.check import CheckFailed, Subject, check, check_where, checks_in
from lvmctl.testing.samples import textlike


@check
def chance_is_possible(subject: Subject) -> None:
    """What guessing has is a value that the metric can have."""
    metric: MetricSpec = subject.record
    if metric.chance is not None and not metric.low <= metric.chance <= metric.high:
        raise CheckFailed(f"{metric.chance:g} is not between {metric.low:g} and {metric.high:g}")


@check_where(lambda subject: bool(subject.record.target))
def ceiling_is_a_value_for_each_window(subject: Subject) -> str:
    """The target gives one value for each window, between the metric's bounds or NaN, and the same
    whenever it is asked."""
    metric: MetricSpec = subject.record
    train, windows = (Windows(textlike(seed=seed), 3, 1) for seed in (1, 2))
    measure = subject.registry.resolve(subject.entry)
    values, again = (np.asarray(measure(train, windows), dtype=float) for _ in range(2))
    if values.shape != (len(windows),):
        raise CheckFailed(f"for {len(windows)} windows it gives values of shape {values.shape}")
    outside = values[(values < metric.low) | (values > metric.high)]
    if len(outside):
        raise CheckFailed(f"it gives {outside[0]:g}, beyond {metric.low:g} to {metric.high:g}")
    if not np.array_equal(values, again, equal_nan=True):
        raise CheckFailed("asked again, it gives other values")
    return f"{np.nanmean(values):.3f} on text-like chunks"


CHECKS = checks_in(globals())

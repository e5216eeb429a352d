"""Each check of metrics fails for a record that breaks its rule, and for no sound one."""

from __future__ import annotations

from types import SimpleNamespace

import judged
import numpy as np
import pytest
from judged import judged as judged_by

from lvmctl.registry.verdict_specs import MetricSpec
from lvmctl.testing.checks.metric import CHECKS


def halves(train, windows):
    return np.where(np.arange(len(windows)) % 2, 0.5, np.nan)


def one_value(train, windows):
    return 0.5


def percent(train, windows):
    return np.full(len(windows), 50.0)


def dice(train, windows):
    return np.random.default_rng().random(len(windows))


TARGETS = SimpleNamespace(halves=halves, one_value=one_value, percent=percent, dice=dice)
CEILING = "ceiling_is_a_value_for_each_window"


def metric(target: str = "", **details) -> MetricSpec:
    named = {"ceiling": "top", "target": f"{__name__}:TARGETS.{target}"} if target else {}
    return MetricSpec(name="told", summary="A metric.", low=0.0, high=1.0, **named, **details)


def outcomes(record: MetricSpec) -> dict:
    return judged_by(record, CHECKS)


@pytest.mark.parametrize("record", [metric(), metric(chance=0.5), metric("halves", chance=0.0)])
def test_a_sound_metric_passes(record):
    assert judged.failures(outcomes(record)) == {}


@pytest.mark.parametrize(
    ("record", "check", "why"),
    [
        (metric(chance=2.0), "chance_is_possible", "2 is not between 0 and 1"),
        (metric("one_value"), CEILING, "252 windows it gives values of shape ()"),
        (metric("percent"), CEILING, "it gives 50, beyond 0 to 1"),
        (metric("dice"), CEILING, "asked again, it gives other values"),
    ],
)
def test_a_broken_metric_fails_its_check(record, check, why):
    assert why in judged.failures(outcomes(record))[check]


def test_a_metric_without_a_ceiling_is_not_asked_for_one():
    assert CEILING not in outcomes(metric())
    assert outcomes(metric("halves"))[CEILING].why == "0.500 on text-like chunks"

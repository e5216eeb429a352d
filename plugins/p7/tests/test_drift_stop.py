"""The drift rule: where it draws the line and what it says."""

from __future__ import annotations

import pytest
from lvmctl_p7.drift_stop import DriftStop
from lvmctl_p7.options import DriftOptions


def record(cos_anchor: float) -> dict:
    return {"epoch": 1, "train": {}, "val": {"cos_anchor": cos_anchor}}


@pytest.mark.parametrize(
    ("cos_anchor", "reason"),
    [
        (0.05, None),
        (0.9, None),
        (0.049, "cos_anchor +0.049 < +0.050"),
        (0.0, "cos_anchor +0.000 < +0.050"),
        (-0.3, "cos_anchor -0.300 < +0.050"),
        (float("nan"), "cos_anchor +nan < +0.050"),
    ],
)
def test_the_reason_says_what_was_read(cos_anchor, reason):
    assert DriftStop(DriftOptions())(record(cos_anchor)) == reason


def test_no_stop_after_an_epoch_without_validation():
    assert DriftStop(DriftOptions())({"epoch": 3, "train": {"loss": 9.0}}) is None


def test_its_bound_is_an_option():
    rule = DriftStop(DriftOptions(cos_anchor=0.4))
    assert rule(record(0.4)) is None
    assert rule(record(0.39)) == "cos_anchor +0.390 < +0.400"

"""The reports' kill rule: what it reads, where it draws the line and what it says."""

from __future__ import annotations

import pytest
from lvmctl_p8.kill_rule import KillRule
from lvmctl_p8.options import KillOptions


def record(epoch: int, margin: float, r5: float | None) -> dict:
    val = {"margin": {"last": margin, "second_last": -1.0, "unseen": 1.0}}
    if r5 is not None:
        val["r@5"] = r5
    return {"epoch": epoch, "train": {}, "val": val}


@pytest.fixture
def rule() -> KillRule:
    return KillRule(KillOptions())


@pytest.mark.parametrize(
    ("margin", "r5", "reason"),
    [
        (0.0, 0.75, None),
        (0.3, 0.9, None),
        (-0.021, 0.8, "margin[last] -0.021 < +0.000"),
        (0.1, 0.749, "in-article filtered R@5 0.749 < 0.750"),
        (
            -0.5,
            0.1,
            "margin[last] -0.500 < +0.000 and in-article filtered R@5 0.100 < 0.750",
        ),
        (0.1, 0.0, "in-article filtered R@5 0.000 < 0.750"),
        (float("nan"), 0.8, "margin[last] +nan < +0.000"),
        (0.1, float("nan"), "in-article filtered R@5 nan < 0.750"),
        (0.1, None, None),  # no article long enough for retrieval
        (-0.1, None, "margin[last] -0.100 < +0.000"),
    ],
)
def test_the_reason_names_what_was_read(rule, margin, r5, reason):
    assert rule(record(2, margin, r5)) == reason
    assert rule(record(7, margin, r5)) == reason


def test_no_stop_before_the_second_epoch(rule):
    assert rule(record(1, -1.0, 0.0)) is None


def test_no_stop_after_an_epoch_without_validation(rule):
    assert rule({"epoch": 3, "train": {"loss": 9.0}}) is None


def test_its_bounds_are_options():
    rule = KillRule(KillOptions(epoch=4, margin=0.2, r_at_5=0.5))
    assert rule(record(3, 0.0, 0.0)) is None
    assert rule(record(4, 0.2, 0.5)) is None
    assert rule(record(4, 0.19, 0.5)) == "margin[last] +0.190 < +0.200"

from __future__ import annotations

import math

import pytest

from lvmctl.report.numbers import (
    at,
    ends,
    interval,
    interval_at,
    number,
    real,
    with_interval,
)

TREE = {"margin": {"last": -0.0254, "bad": None, "ci": {"last": [-0.03, -0.0201]}}, "rollout": None}


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.2494, ".249"),
        (-0.0251, "−.025"),
        (1.0, "1.000"),
        (0.9996, "1.000"),
        (0.99949, ".999"),
        (-0.9999, "−1.000"),
        (10.08, "10.080"),
        (-0.0001, ".000"),
        (0.0, ".000"),
        (math.nan, "–"),
        (math.inf, "–"),
    ],
)
def test_figures_are_short_and_never_minus_nothing(value, shown):
    assert number(value) == shown


def test_figures_are_found_by_path_with_their_intervals():
    assert at(TREE, "margin.last") == -0.0254
    assert interval_at(TREE, "margin.last") == (-0.03, -0.0201)
    assert with_interval(TREE, "margin.last") == "−.025 [−.030, −.020]"


@pytest.mark.parametrize("path", ["margin.bad", "margin.none", "rollout.mean", "no.where", "none"])
def test_what_is_not_there_is_not_a_number(path):
    assert math.isnan(at(TREE, path))
    assert all(map(math.isnan, interval_at(TREE, path)))
    assert with_interval(TREE, path) == "–"


def test_an_interval_with_an_open_end_is_not_shown():
    assert interval(ends([0.1, None])) == ""
    assert interval(ends(None)) == ""
    assert math.isnan(real(None))

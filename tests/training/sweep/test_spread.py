"""Mean and spread over seeds."""

from __future__ import annotations

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvmctl.training.sweep.spread import spread, spreads

RECORD = {
    "predictors": {
        name: {"cos_next": value, "margin": {"last": -value}, "in_article": {"filtered": {}}}
        for name, value in {"a0": 0.25, "a1": 0.75, "b": 0.5}.items()
    },
    "runs": {
        "a0": {"differences": {"cos_next": {"value": 0.1}, "r": {"value": 1.0}}},
        "a1": {"differences": {"cos_next": {"value": 0.5}}},
        "b": {"differences": {}},
    },
}


def test_by_hand():
    by_group = spreads(RECORD, {"a": ["a0", "a1"], "b": ["b"]})
    assert list(by_group) == ["a"]
    assert by_group["a"]["runs"] == ["a0", "a1"]
    sd = pytest.approx(0.125**0.5)
    each = {"mean": 0.5, "sd": sd, "min": 0.25, "max": 0.75}
    last = {"mean": -0.5, "sd": sd, "min": -0.75, "max": -0.25}
    assert by_group["a"]["figures"] == {"cos_next": each, "margin.last": last}
    difference = by_group["a"]["differences"].pop("cos_next")
    assert difference == pytest.approx({"mean": 0.3, "sd": 0.08**0.5, "min": 0.1, "max": 0.5})
    assert by_group["a"]["differences"] == {}  # what one run lacks has no mean


@given(st.lists(st.floats(-1, 1), min_size=2, max_size=6))
def test_the_mean_lies_between_and_the_spread_is_the_samples(values):
    summary = spread(values)
    assert summary["min"] - 1e-12 <= summary["mean"] <= summary["max"] + 1e-12
    mean = sum(values) / len(values)
    variance = sum((value - mean) ** 2 for value in values) / (len(values) - 1)
    assert summary["sd"] == pytest.approx(variance**0.5, abs=1e-9)
    assert summary["sd"] >= statistics.pstdev(values) - 1e-12

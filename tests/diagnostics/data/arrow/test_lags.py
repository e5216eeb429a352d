"""Lag curves against slow loops and closed forms; the telescoping sum and its bound."""

from __future__ import annotations

import numpy as np
import pytest
from diagnostics.directed import articles_of, split_of
from hypothesis import given
from hypothesis import strategies as st

from lvmctl.data import Split
from lvmctl.data.synthetic.worlds import World, simulate
from lvmctl.diagnostics.data.arrow.lags import LIMIT, lag_curve, recency
from lvmctl.diagnostics.data.arrow.predictability import reversed_split
from lvmctl.evaluation.statistics.intervals import Resampling


def some(lengths: list[int], seed: int = 0, dim: int = 4) -> Split:
    rng = np.random.default_rng(seed)
    return split_of(*(3 * rng.standard_normal((length, dim)) for length in lengths))


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a.astype(np.float64), b.astype(np.float64)
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def few(split: Split) -> Resampling:
    return Resampling(len(split.lengths), resamples=50)


def test_the_curve_is_the_mean_of_all_pairs():
    split = some([5, 1, 9, 3])
    curve, _ = lag_curve(split, few(split))
    assert list(curve) == list("12345678")
    for lag, each in ((int(lag), each) for lag, each in curve.items()):
        pairs = [cosine(x[t], x[t + lag]) for x in articles_of(split) for t in range(len(x) - lag)]
        assert each["pairs"] == len(pairs)
        assert each["value"] == pytest.approx(np.mean(pairs), abs=1e-6)
        # The longest lags have one article only, which says nothing of others.
        assert (each["ci"] is None) == (lag > 4)


def test_the_curve_of_ar1_is_a_power_and_the_interval_holds_it():
    world = World("ar1", articles=60, chunks=30, dim=16, a=0.8, seed=2)
    split = split_of(*np.concatenate(list(simulate(world))))
    curve, _ = lag_curve(split, Resampling(60, resamples=300))
    for lag, each in ((int(lag), each) for lag, each in curve.items()):
        assert each["value"] == pytest.approx(0.8**lag, abs=0.05)
        if lag > 1:  # the cosine of neighbours is exactly a
            assert each["ci"][0] < each["value"] < each["ci"][1]
            assert each["ci"][0] - 0.02 < 0.8**lag < each["ci"][1] + 0.02


@given(lengths=st.lists(st.integers(1, 9), min_size=1, max_size=6), seed=st.integers(0, 999))
def test_the_telescoping_statistic_is_its_sum_and_within_its_bound(lengths, seed):
    split = some(lengths, seed, dim=2)
    _, lags = lag_curve(split, few(split))
    terms = [
        cosine(x[t], x[t + 1]) - cosine(x[t], x[t - 1])
        for x in articles_of(split)
        for t in range(1, len(x) - 1)
    ]
    if not terms:
        assert lags is None
        return
    assert lags["value"] == pytest.approx(np.mean(terms), abs=1e-6)
    assert lags["chunks"] == len(terms)
    assert lags["articles"] == sum(length > 2 for length in lengths)
    assert lags["bound"] == pytest.approx(2 * lags["articles"] / len(terms))
    assert abs(lags["value"]) <= lags["bound"] + 1e-6


def test_the_bound_of_the_telescoping_statistic_is_reached():
    """Neighbours are opposite at first and equal in the end."""
    x = np.array([[1.0, 0.0], [-1.0, 0.0], [-1.0, 0.0]])
    split = split_of(x, x)
    _, lags = lag_curve(split, few(split))
    assert lags["value"] == pytest.approx(lags["bound"]) == pytest.approx(2.0)
    assert "cannot show a direction" in LIMIT


def test_reading_backward_keeps_the_curve_and_turns_the_statistic():
    split = some([7, 4, 12], seed=3)
    forward, backward = (lag_curve(each, few(each)) for each in (split, reversed_split(split)))
    for lag, each in forward[0].items():
        assert backward[0][lag]["value"] == pytest.approx(each["value"], abs=1e-6)
    assert backward[1]["value"] == pytest.approx(-forward[1]["value"], abs=1e-6)


@pytest.mark.parametrize("context", [1, 2, 4])
def test_recency_is_measured_both_ways(context):
    split = some([6, 2, 9], seed=5)
    ends = recency(split, few(split), context)
    forward, backward = [], []
    for x in articles_of(split):
        for t in range(len(x) - context):
            far = cosine(x[t], x[t + context])
            forward.append(cosine(x[t + context - 1], x[t + context]) - far)
            backward.append(cosine(x[t], x[t + 1]) - far)
    assert ends["forward"]["value"] == pytest.approx(np.mean(forward), abs=1e-6)
    assert ends["backward"]["value"] == pytest.approx(np.mean(backward), abs=1e-6)
    other = reversed_split(split)
    turned = recency(other, few(other), context)
    assert turned["forward"]["value"] == pytest.approx(ends["backward"]["value"], abs=1e-6)


def test_recency_needs_articles_longer_than_the_context():
    split = some([3, 3])
    assert recency(split, few(split), 3) is None
    assert recency(split, few(split), 2) is not None


def test_recency_of_reversible_text_is_positive_both_ways():
    world = World("topic", articles=40, chunks=20, dim=16, a=0.7, f=0.3, seed=1)
    split = split_of(*np.concatenate(list(simulate(world))))
    ends = recency(split, Resampling(40, resamples=200), 5)
    true = 0.7 * (0.7 - 0.7**5)
    for value, (low, high) in (each.values() for each in ends.values()):
        assert value == pytest.approx(true, abs=0.06)
        assert 0 < low < value < high

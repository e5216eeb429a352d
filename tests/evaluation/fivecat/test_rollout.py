"""5CAT D against a hand, the slow reference and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from evaluation import fivecat_reference as slow
from evaluation.cases import cos, on_a_circle, stores, unit_rows
from evaluation.fivecat.predictors import PREDICTORS
from evaluation.reference import all_windows, mean, read_articles
from hypothesis import given
from hypothesis import strategies as st

from lvmctl.data import Windows, open_split
from lvmctl.evaluation.fivecat import rollout
from lvmctl.evaluation.predictors import Predictor
from lvmctl.sphere import centroid


def rolled(windows, predictor, index=None, steps=5):
    """The columns of a predictor whose first step has been made, as in a metric table."""
    return rollout.rollout_metrics(windows, predictor, predictor(windows), index, steps)


def test_a_hand_case(split_of):
    windows = Windows(split_of(on_a_circle([0, 10, 30, 60, 100, 150]), [6]), 2, 1)
    metrics = rolled(windows, PREDICTORS["direct"], steps=3)
    degrees = {1: [20, 30], 2: [50, 70], 3: [90, 120]}  # from 10 and from 30
    assert list(metrics) == ["rollout.step_1", "rollout.step_2", "rollout.step_3", "rollout.mean"]
    for step, each in degrees.items():
        assert metrics[f"rollout.step_{step}"].rows.tolist() == [0, 1]
        assert metrics[f"rollout.step_{step}"].values == pytest.approx(cos(each), abs=1e-6)
    expected = np.mean([cos(each) for each in degrees.values()], axis=0)
    assert metrics["rollout.mean"].values == pytest.approx(expected, abs=1e-6)


def test_steps_are_a_horizon_apart(split_of):
    windows = Windows(split_of(on_a_circle([0, 10, 30, 60, 100, 150]), [6]), 1, 2)
    metrics = rolled(windows, PREDICTORS["direct"], steps=2)
    assert metrics["rollout.step_1"].rows.tolist() == [0, 1]
    assert metrics["rollout.step_1"].values == pytest.approx(cos([30, 50]), abs=1e-6)
    assert metrics["rollout.step_2"].values == pytest.approx(cos([100, 140]), abs=1e-6)


def test_a_rule_that_holds_is_right_at_every_step(split_of):
    # On a circle walked evenly, x_{t+1} = 2 cos(θ) x_t - x_{t-1}, from predictions too.
    windows = Windows(split_of(on_a_circle([25 * t for t in range(14)]), [14]), 3, 1)
    rule = Predictor("rule", lambda c: 2 * np.cos(np.radians(25)) * c[:, -1] - c[:, -2])
    metrics = rolled(windows, rule)
    assert len(metrics) == 6
    for column in metrics.values():
        assert len(column.rows) == len(windows) - 4
        assert column.values == pytest.approx(np.ones(len(column.rows)), abs=1e-5)


@given(stores(), st.sampled_from(sorted(PREDICTORS)), st.integers(1, 4))
def test_fast_and_slow_agree(split_of, store, name, steps):
    vectors, lengths, k, h, _ = store
    windows = Windows(split_of(vectors, lengths), k, h)
    articles = read_articles(vectors.astype(np.float64), np.cumsum([0, *lengths]).tolist())
    places = all_windows(articles, k, h)
    wanted = slow.rollout(articles, places, h, slow.PREDICTORS[name], steps)
    metrics = rolled(windows, PREDICTORS[name], steps=steps)
    assert len(metrics) == (steps + 1 if wanted[0] else 0)
    columns = [metrics[f"rollout.step_{step}"] for step in range(1, steps + 1)] if metrics else []
    for column, cosines in zip(columns, wanted):
        assert column.rows.tolist() == list(cosines)
        assert column.values == pytest.approx(list(cosines.values()), abs=1e-6)
    if metrics:
        means = [mean(values) for values in zip(*(step.values() for step in wanted))]
        assert metrics["rollout.mean"].rows.tolist() == list(wanted[0])
        assert metrics["rollout.mean"].values == pytest.approx(means, abs=1e-6)


@pytest.mark.parametrize(("h", "a"), [(1, 0.9), (2, 0.8)])
def test_direct_on_ar1_decays_as_the_lag_curve(h, a):
    split = open_split(f"synth:ar1?articles=150&chunks=24&dim=16&a={a}&seed=2")
    metrics = rolled(Windows(split, 3, h), PREDICTORS["direct"])
    for step in range(1, 6):
        assert metrics[f"rollout.step_{step}"].mean() == pytest.approx(a ** (step * h), abs=0.03)


def test_articles_that_are_too_short_are_left_out(split_of):
    rng = np.random.default_rng(0)
    windows = Windows(split_of(unit_rows(rng, 17, 4), [7, 10]), 3, 1)
    assert rolled(windows, PREDICTORS["direct"], steps=8) == {}
    metrics = rolled(windows, PREDICTORS["direct"], steps=5)
    assert windows.article[metrics["rollout.mean"].rows].tolist() == [1, 1, 1]
    assert rolled(windows, PREDICTORS["direct"], np.arange(4), steps=5) == {}


def test_separate_windows_have_one_step(split_of):
    rng = np.random.default_rng(0)
    split = split_of(unit_rows(rng, 10, 4), [5, 5], target_row=4, horizon=2)
    windows = Windows(split, 2, 2)
    assert rolled(windows, PREDICTORS["direct"], steps=2) == {}
    metrics = rolled(windows, PREDICTORS["direct"], steps=1)
    every = np.arange(2)
    expected = (windows.context(every)[:, -1] * windows.target(every)).sum(1)
    assert metrics["rollout.step_1"].values == pytest.approx(expected, abs=1e-6)


def test_an_oracle_is_shown_each_chunk(split_of):
    rng = np.random.default_rng(0)
    windows = Windows(split_of(unit_rows(rng, 12, 4), [12]), 2, 1)
    oracle = Predictor("oracle", lambda context, target: target, kind="oracle")
    for column in rolled(windows, oracle).values():
        assert column.values == pytest.approx(np.ones(len(column.rows)), abs=1e-6)


def test_batches_and_selections_change_nothing(split_of, monkeypatch):
    rng = np.random.default_rng(1)
    windows = Windows(split_of(unit_rows(rng, 60, 6), [25, 5, 30]), 4, 1)
    whole = rolled(windows, PREDICTORS["rising"])
    index = np.array([0, 3, 20, 21, 30, 44])
    monkeypatch.setattr(rollout, "BATCH", 3)
    again = rolled(windows, PREDICTORS["rising"])
    part = rolled(windows, PREDICTORS["rising"], index)
    for name, column in whole.items():
        assert again[name].values == pytest.approx(column.values, abs=1e-6)
        chosen = np.isin(column.rows, index)
        assert np.array_equal(part[name].rows, column.rows[chosen])
        assert part[name].values == pytest.approx(column.values[chosen], abs=1e-6)


def test_what_is_not_a_number_stays_visible(split_of):
    rng = np.random.default_rng(1)
    windows = Windows(split_of(unit_rows(rng, 12, 4), [12]), 2, 1)
    factors = iter([1.0, torch.nan, 1.0])
    fails_once = Predictor("bad", lambda context: centroid(context) * next(factors))
    metrics = rolled(windows, fails_once, steps=3)
    assert np.isfinite(metrics["rollout.step_1"].values).all()
    for name in ("step_2", "step_3", "mean"):
        assert np.isnan(metrics[f"rollout.{name}"].values).all()

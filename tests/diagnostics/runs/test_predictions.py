"""Predictions whose fault is known: constant, copied, escaped; and those without one."""

from __future__ import annotations

import math

import numpy as np
import pytest

from lvmctl.data import Windows, open_split
from lvmctl.diagnostics.runs.predictions import (
    compare,
    describe,
    effective_rank,
    linear_predictions,
    prediction_findings,
    variance,
)


def unit(x):
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


@pytest.fixture(scope="module")
def windows():
    source = "synth:topic?articles={}&chunks=12&dim=12&f=0.4&a=0.1&seed={}"
    train, val = (Windows(open_split(source.format(*s)), 5, 1) for s in ((50, 1), (20, 2)))
    return train, val


@pytest.fixture(scope="module")
def linear(windows):
    return linear_predictions(*windows, 2000, 0)


def parts(val):
    index = np.arange(len(val))
    return val.context(index), val.target(index)


def names(val, q, linear):
    return [f.name for f in prediction_findings(compare(val, q, linear, 0), 3)]


def test_variance_and_rank_have_their_closed_forms():
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((50, 4))
    slow = np.mean([((v - vectors.mean(0)) ** 2).sum() for v in vectors])
    assert variance(vectors) == pytest.approx(slow)
    axes = np.concatenate([np.eye(6), -np.eye(6)])
    assert effective_rank(axes) == pytest.approx(6)
    assert effective_rank(np.ones((9, 5))) == 1.0
    line = np.outer(rng.standard_normal(40), np.ones(5))
    assert effective_rank(line) == pytest.approx(1)
    # Two directions with power ¾ and ¼.
    two = np.concatenate([np.eye(2), -np.eye(2)]) * np.sqrt([3, 1])
    entropy = -(0.75 * math.log(0.75) + 0.25 * math.log(0.25))
    assert effective_rank(two) == pytest.approx(math.exp(entropy))
    # More dimensions than vectors, and fewer, agree.
    wide = rng.standard_normal((7, 30))
    padded = np.concatenate([wide, np.zeros((7, 3))], axis=1)
    assert effective_rank(wide) == pytest.approx(effective_rank(padded))
    assert effective_rank(wide.repeat(9, axis=0)) == pytest.approx(effective_rank(wide))


def test_describe_is_a_loop_over_windows(windows):
    _, val = windows
    context, target = parts(val)
    q = unit(np.random.default_rng(1).standard_normal(target.shape)).astype(np.float32)
    record, slow = describe(val, q), {"outside_cone": [], "behind": [], "cos_anchor": []}
    for window, prediction in zip(context.astype(np.float64), q.astype(np.float64)):
        centre = unit(window.mean(axis=0))
        anchor = centre @ prediction
        slow["cos_anchor"].append(anchor)
        slow["behind"].append(anchor <= 0)
        slow["outside_cone"].append(anchor < min(chunk @ centre for chunk in window) - 1e-6)
    for name, values in slow.items():
        assert record[name] == pytest.approx(np.mean(values), abs=1e-6)
    assert record["cos_last"] == pytest.approx((q * context[:, -1]).sum(1).mean(), abs=1e-6)
    assert record["margin_second_last"] == pytest.approx(
        ((q * target).sum(1) - (q * context[:, -2]).sum(1)).mean(), abs=1e-6
    )


def test_no_mixture_lies_outside_the_cone(windows):
    _, val = windows
    context, _ = parts(val)
    weights = np.random.default_rng(2).dirichlet(np.full(5, 0.3), len(val))
    record = describe(val, unit(np.einsum("bk,bkd->bd", weights, context)))
    assert (record["outside_cone"], record["behind"]) == (0, 0)


def test_linear_predictions_and_small_departures_have_no_fault(windows, linear):
    _, val = windows
    rng = np.random.default_rng(3)
    for q in linear.values():
        assert names(val, q, linear) == []
        noisy = unit(q + 0.1 * rng.standard_normal(q.shape).astype(np.float32))
        assert names(val, noisy, linear) == []


def test_the_reference_predicts_better_of_the_two(windows, linear):
    _, val = windows
    _, target = parts(val)
    record = compare(val, linear["ridge"], linear, 0)
    cosines = {name: (q * target).sum(1).mean() for name, q in linear.items()}
    assert record["reference"] == max(cosines, key=cosines.get)


def test_a_copy_of_the_last_chunk_is_found_with_its_interval(windows, linear):
    _, val = windows
    context, target = parts(val)
    q = unit(0.95 * context[:, -1] + 0.05 * target)
    (finding,) = prediction_findings(compare(val, q, linear, 0), 7)
    assert (finding.name, finding.epoch) == ("copying", 7)
    record = compare(val, q, linear, 0)["copying"]
    assert record["ci"][0] <= record["value"] <= record["ci"][1]
    last, reference = context[:, -1], linear[compare(val, q, linear, 0)["reference"]]
    slow = np.mean([a @ c - b @ c for a, b, c in zip(q, reference, last)])
    assert record["value"] == pytest.approx(slow, abs=1e-5)


def test_a_copy_is_right_where_the_best_prediction_is_the_last_chunk():
    source = "synth:ar1?articles={}&chunks=12&dim=12&a=0.9&seed={}"
    train, val = (Windows(open_split(source.format(*s)), 5, 1) for s in ((50, 1), (20, 2)))
    linear = linear_predictions(train, val, 2000, 0)
    assert names(val, parts(val)[0][:, -1], linear) == []


def test_without_training_windows_there_is_no_reference(windows):
    _, val = windows
    context, _ = parts(val)
    record = compare(val, context[:, -1], {}, 0)
    assert "reference" not in record
    assert list(prediction_findings(record, None)) == []


def test_a_constant_prediction_is_found(windows, linear):
    _, val = windows
    _, target = parts(val)
    q = np.broadcast_to(unit(target.mean(axis=0)), target.shape)
    rng = np.random.default_rng(4)
    nearly = unit(q + 0.02 * rng.standard_normal(q.shape)).astype(np.float32)
    for prediction in (q, nearly):
        for reference in (linear, {}):
            assert names(val, prediction, reference) == ["constant-prediction"]


def test_predictions_on_a_line_are_found(windows, linear):
    _, val = windows
    _, target = parts(val)
    direction = unit(np.random.default_rng(5).standard_normal(12))
    q = np.sign(target @ direction)[:, None] * direction
    assert variance(q) > 0.8
    assert "constant-prediction" in names(val, q.astype(np.float32), linear)


def test_the_margins_own_optimum_is_an_escape(windows, linear):
    """q ∝ μ - x_last, the limit of a large margin weight (docs/methods.md#escape); ‖μ‖ = .6."""
    _, val = windows
    context, _ = parts(val)
    escaped = unit(0.6 * linear["wiener"] - context[:, -1])
    assert names(val, linear["wiener"], linear) == []
    assert names(val, escaped, linear) == ["orthogonal-escape"]


def test_untrained_predictions_are_no_escape(windows, linear):
    _, val = windows
    q = unit(np.random.default_rng(6).standard_normal((len(val), 12)))
    assert "orthogonal-escape" not in names(val, q, linear)


def test_leaving_the_window_is_right_where_the_world_turns():
    source = "synth:rotation?articles={}&chunks=12&dim=12&theta=40&seed={}"
    train, val = (Windows(open_split(source.format(*s)), 5, 1) for s in ((50, 1), (20, 2)))
    linear = linear_predictions(train, val, 2000, 0)
    record = compare(val, linear["wiener"], linear, 0)
    assert record["run"]["behind"] > 0.9
    assert record["run"]["margin_second_last"] > 0.5
    assert list(prediction_findings(record, 1)) == []

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


class World:
    """Windows of a world with 12 dimensions, and what is predicted of them.

    Attributes:
        val: validation windows, their ``context`` (W, K, D), ``last`` chunks and ``target`` (W, D).
        linear: the linear predictions, by name.
    """

    def __init__(self, world):
        source = f"synth:{world}&chunks=12&dim=12"
        train, val = (
            Windows(open_split(f"{source}&articles={n}&seed={s}"), 5, 1)
            for n, s in ((50, 1), (20, 2))
        )
        index = np.arange(len(val))
        self.val, self.context, self.target = val, val.context(index), val.target(index)
        self.last = self.context[:, -1]
        self.linear = linear_predictions(train, val, 2000, 0)

    def compared(self, q):
        return compare(self.val, q, self.linear, 0)

    def names(self, q):
        """What is found of predictions."""
        return [finding.name for finding in prediction_findings(self.compared(q), 3)]


@pytest.fixture(scope="module")
def topic():
    return World("topic?f=0.4&a=0.1")


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


def test_describe_is_a_loop_over_windows(topic):
    q = unit(np.random.default_rng(1).standard_normal(topic.target.shape)).astype(np.float32)
    record, slow = describe(topic.val, q), {"outside_cone": [], "behind": [], "cos_anchor": []}
    for window, prediction in zip(topic.context.astype(np.float64), q.astype(np.float64)):
        centre = unit(window.mean(axis=0))
        anchor = centre @ prediction
        slow["cos_anchor"].append(anchor)
        slow["behind"].append(anchor <= 0)
        slow["outside_cone"].append(anchor < min(chunk @ centre for chunk in window) - 1e-6)
    for name, values in slow.items():
        assert record[name] == pytest.approx(np.mean(values), abs=1e-6)
    assert record["cos_last"] == pytest.approx((q * topic.last).sum(1).mean(), abs=1e-6)
    assert record["margin_second_last"] == pytest.approx(
        ((q * topic.target).sum(1) - (q * topic.context[:, -2]).sum(1)).mean(), abs=1e-6
    )


def test_no_mixture_lies_outside_the_cone(topic):
    weights = np.random.default_rng(2).dirichlet(np.full(5, 0.3), len(topic.val))
    record = describe(topic.val, unit(np.einsum("bk,bkd->bd", weights, topic.context)))
    assert (record["outside_cone"], record["behind"]) == (0, 0)


def test_linear_predictions_and_small_departures_have_no_fault(topic):
    rng = np.random.default_rng(3)
    for q in topic.linear.values():
        assert topic.names(q) == []
        noisy = unit(q + 0.1 * rng.standard_normal(q.shape).astype(np.float32))
        assert topic.names(noisy) == []


def test_the_reference_predicts_better_of_the_two(topic):
    record = topic.compared(topic.linear["ridge"])
    cosines = {name: (q * topic.target).sum(1).mean() for name, q in topic.linear.items()}
    assert record["reference"] == max(cosines, key=cosines.get)


def test_a_copy_of_the_last_chunk_is_found_with_its_interval(topic):
    q = unit(0.95 * topic.last + 0.05 * topic.target)
    (finding,) = prediction_findings(topic.compared(q), 7)
    assert (finding.name, finding.epoch) == ("copying", 7)
    record = topic.compared(q)["copying"]
    assert record["ci"][0] <= record["value"] <= record["ci"][1]
    last, reference = topic.last, topic.linear[topic.compared(q)["reference"]]
    slow = np.mean([a @ c - b @ c for a, b, c in zip(q, reference, last)])
    assert record["value"] == pytest.approx(slow, abs=1e-5)


def test_a_copy_is_right_where_the_best_prediction_is_the_last_chunk():
    world = World("ar1?a=0.9")
    assert world.names(world.last) == []


def test_without_training_windows_there_is_no_reference(topic):
    record = compare(topic.val, topic.last, {}, 0)
    assert "reference" not in record
    assert list(prediction_findings(record, None)) == []


def test_a_constant_prediction_is_found(topic):
    q = np.broadcast_to(unit(topic.target.mean(axis=0)), topic.target.shape)
    rng = np.random.default_rng(4)
    nearly = unit(q + 0.02 * rng.standard_normal(q.shape)).astype(np.float32)
    for prediction in (q, nearly):
        for linear in (topic.linear, {}):
            found = prediction_findings(compare(topic.val, prediction, linear, 0), 3)
            assert [finding.name for finding in found] == ["constant-prediction"]


def test_predictions_on_a_line_are_found(topic):
    direction = unit(np.random.default_rng(5).standard_normal(12))
    q = np.sign(topic.target @ direction)[:, None] * direction
    assert variance(q) > 0.8
    assert "constant-prediction" in topic.names(q.astype(np.float32))


def test_the_margins_own_optimum_is_an_escape(topic):
    """q ∝ μ - x_last, the limit of a large margin weight (docs/methods.md#escape); ‖μ‖ = .6."""
    escaped = unit(0.6 * topic.linear["wiener"] - topic.last)
    assert topic.names(topic.linear["wiener"]) == []
    assert topic.names(escaped) == ["orthogonal-escape"]


def test_untrained_predictions_are_no_escape(topic):
    q = unit(np.random.default_rng(6).standard_normal((len(topic.val), 12)))
    assert "orthogonal-escape" not in topic.names(q)


def test_leaving_the_window_is_right_where_the_world_turns():
    world = World("rotation?theta=40")
    record = world.compared(world.linear["wiener"])
    assert record["run"]["behind"] > 0.9
    assert record["run"]["margin_second_last"] > 0.5
    assert list(prediction_findings(record, 1)) == []

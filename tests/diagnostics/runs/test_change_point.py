"""The test for a step down: exact under noise, blind to learning, sure of a planted collapse."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lvmctl.diagnostics.runs import change_point
from lvmctl.diagnostics.runs.change_point import clearest, downward_step, orders, rising_fits

P7 = [0.33, 0.396, 0.241, 0.25, 0.255, 0.26, 0.262, 0.265, 0.27, 0.271]
"""Shaped like the published P7: the teacher ends after epoch 2."""


def monotone(values, sign):
    """Least squared error of a monotone fit, by the min-max formula; and the fit."""
    x = sign * np.asarray(values, float)
    n = len(x)
    fit = [
        max(min(x[i : j + 1].mean() for j in range(k, n)) for i in range(k + 1)) for k in range(n)
    ]
    return ((x - np.array(fit)) ** 2).sum(), sign * np.array(fit)


@given(st.lists(st.integers(-20, 20), min_size=1, max_size=9))
def test_rising_fits_are_the_min_max_formula(values):
    errors, heights = rising_fits([float(v) for v in values])
    for n in range(1, len(values) + 1):
        error, fit = monotone(values[:n], 1)
        assert errors[n - 1] == pytest.approx(error, abs=1e-9)
        assert heights[n - 1] == pytest.approx(fit[-1], abs=1e-9)


@given(st.lists(st.integers(-20, 20), min_size=3, max_size=9))
@example([7, 0, 4, 6, 0])
def test_the_clearest_step_is_the_best_of_all_places(values):
    values = [float(v) for v in values]
    whole, steps = monotone(values, 1)[0], []
    for place in range(1, len(values)):
        left, top = monotone(values[:place], 1)
        pieces = (monotone(values[place:], sign) for sign in (1, -1))
        error, fit = min(pieces, key=lambda piece: round(piece[0], 9))  # of equals the rising one
        if top[-1] > fit[0] + 1e-9:
            steps.append((left + error, place, top[-1] - fit[0]))
    point = clearest(values, 1e-3)
    if not steps:
        assert point.statistic == pytest.approx(0, abs=1e-6)
        return
    best = min(steps)[0]
    assert point.statistic == pytest.approx(max(whole - best, 0) / (best + 1e-3), abs=1e-6)
    bound = best + 0.1 * (whole - best)
    # Rounding decides about a step whose error is the bound itself.
    least, most = (
        max(fall for error, _, fall in steps if error <= max(bound + slack, best))
        for slack in (-1e-9, 1e-9)
    )
    assert least - 1e-6 <= point.before - point.after <= most + 1e-6


@pytest.mark.parametrize("noise", ["normal", "cauchy", "coin"])
def test_noise_gives_at_most_its_share_of_alarms(noise):
    rng = np.random.default_rng(5)
    draw = {
        "normal": lambda: rng.standard_normal(9),
        "cauchy": lambda: rng.standard_cauchy(9),
        "coin": lambda: rng.integers(0, 2, 9).astype(float),
    }[noise]
    alarms = 0
    for number in range(150):
        step = downward_step(0.4 + 0.02 * draw(), permutations=59, seed=number)
        alarms += step is not None and step.p_value <= 0.05
    assert alarms <= 14  # of 150; 7.5 are expected, more than 14 with probability .009


def test_all_orders_of_few_points_are_counted_so_that_the_p_value_is_exact():
    values = [0.1, 0.2, 0.31, 0.45, 0.52]
    p_values = [
        1.0 if (step := downward_step(order)) is None else step.p_value
        for order in itertools.permutations(values)
    ]
    for level in (0.05, 0.1, 0.3):
        assert np.mean(np.array(p_values) <= level) <= level


def test_a_learning_curve_gives_no_clear_and_deep_step():
    rng = np.random.default_rng(1)
    curve = 0.5 * (1 - np.exp(-np.arange(12) / 3))
    for _ in range(60):
        step = downward_step(curve + 0.02 * rng.standard_normal(12), permutations=59)
        assert step is None or step.p_value > 0.05 or step.after > 0.75 * step.before


def test_a_planted_step_is_found_where_it_is():
    rng = np.random.default_rng(2)
    for place in (4, 6, 9):
        curve = 0.4 + 0.01 * rng.standard_normal(12)
        curve[place:] -= 0.12
        step = downward_step(curve)
        assert step.index == place
        assert step.p_value <= 0.05
        assert step.before - step.after == pytest.approx(0.12, abs=0.04)


def test_a_collapse_while_learning_is_found():
    step = downward_step(P7)
    assert (step.index, step.before, step.after) == (2, 0.396, 0.241)
    assert step.p_value <= 0.01
    assert downward_step(P7, permutations=19).p_value == 1 / 20


def test_a_fall_that_goes_on_begins_where_it_begins():
    step = downward_step([0.3, 0.45, 0.5, 0.5, 0.31, 0.2, 0.12, 0.1])
    assert step.index == 4
    assert step.p_value <= 0.05


def test_few_points_never_give_a_level_of_five_percent():
    assert downward_step([0.5, 0.1, 0.1]).p_value > 0.05
    assert downward_step([0.5, 0.5, 0.1, 0.1]).p_value > 0.05


def test_the_same_seed_gives_the_same_answer():
    rng = np.random.default_rng(3)
    curve = rng.standard_normal(15)
    assert downward_step(curve, seed=4) == downward_step(curve, seed=4)


@pytest.mark.parametrize("values", [[], [1.0], [0.3, 0.1], [0.1, 0.1, 0.1, 0.1], range(30)])
def test_too_short_or_never_falling_is_no_step(values):
    assert downward_step(values) is None


def test_rounding_is_no_step(monkeypatch):
    rng = np.random.default_rng(0)
    curve = 0.5 + 1e-6 * rng.standard_normal(12)
    curve[6:] -= 5e-6
    assert downward_step(curve) is None
    monkeypatch.setattr(change_point, "RESOLUTION", 1e-7)
    assert downward_step(curve).index == 6


def test_a_long_curve_is_compared_with_fewer_orders():
    assert len(list(orders(2000, 999, 0))) == 199
    assert len(list(orders(25, 999, 0))) == 800
    assert len(list(orders(8, 999, 0))) == 999
    assert len(list(orders(4, 999, 0))) == 24

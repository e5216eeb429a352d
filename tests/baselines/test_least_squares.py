"""Ridge regression, in both its forms, against least squares with the penalty as extra rows."""

from __future__ import annotations

import functools

import numpy as np
import pytest
import torch

from lvmctl.baselines import least_squares
from lvmctl.baselines.least_squares import Dual, Primal, fit_held_out, solve, spectral

PENALTIES = tuple(10.0**power for power in range(-3, 4))


def solved(form: type, x: np.ndarray, y: np.ndarray, penalty: float, blocks: int) -> np.ndarray:
    equations = form(x.shape[1], y.shape[1])
    for some_x, some_y in zip(np.array_split(x, blocks), np.array_split(y, blocks)):
        equations.add(some_x, some_y)
    return functools.reduce(torch.mm, equations.solve(penalty)).numpy()


@pytest.mark.parametrize("form", [Primal, Dual])
@pytest.mark.parametrize("rows", [8, 20, 60])
@pytest.mark.parametrize("penalty", [1e-6, 0.1, 100])
@pytest.mark.parametrize("large", [0, 1 << 27])
def test_the_map_is_the_penalised_least_squares_one(monkeypatch, form, rows, penalty, large):
    monkeypatch.setattr(least_squares, "LARGE", large)
    monkeypatch.setattr(least_squares, "COLUMNS", 7)
    rng = np.random.default_rng(rows)
    x, y = rng.standard_normal((rows, 20)) + 0.5, rng.standard_normal((rows, 3))
    ridge = penalty * np.linalg.eigvalsh(x.T @ x).mean()
    above, right = np.sqrt(ridge) * np.eye(20), np.zeros((20, 3))
    expected, *_ = np.linalg.lstsq(np.vstack([x, above]), np.vstack([y, right]))
    scale = np.abs(expected).max()
    for blocks in (1, 3):
        weights = solved(form, x, y, penalty, blocks)
        assert weights / scale == pytest.approx(expected / scale, abs=1e-7)


def test_a_moment_that_rounding_made_indefinite_is_solved_without_what_rounding_added():
    # Float32 sums of rows along one direction: a little is above and below 0 along the others.
    axes = np.linalg.qr(np.random.default_rng(0).standard_normal((4, 4)))[0]
    matrix = axes @ np.diag([5.0, 1e-7, -1e-7, -2e-7]) @ axes.T
    right = axes @ np.array([[10.0], [0.0], [0.0], [0.0]])
    for ridge in (0.0, 1e-8, 1.0):
        wanted = axes @ np.array([[10 / (5 + ridge)], [0], [0], [0]])
        assert solve(matrix, right, ridge).numpy() == pytest.approx(wanted, abs=1e-3)


@pytest.mark.parametrize("form", [Primal, Dual])
def test_rows_of_zeros_have_the_map_zero(form):
    assert not solved(form, np.zeros((5, 4)), np.ones((5, 2)), 1.0, 1).any()


@pytest.mark.parametrize("form", [Primal, Dual])
def test_solving_leaves_the_equations_as_they_were(form):
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((9, 6)), rng.standard_normal((9, 2))
    equations = form(6, 2)
    equations.add(x, y)
    (first,) = equations.solve(0.1)
    equations.solve(10)
    assert np.array_equal(equations.solve(0.1)[0], first)


def test_a_large_map_of_few_rows_is_kept_as_two_matrices(monkeypatch):
    monkeypatch.setattr(least_squares, "LARGE", 20 * 3 - 1)
    equations = Dual(20, 3)
    equations.add(np.eye(5, 20, dtype=np.float32), np.ones((5, 3)))
    assert [factor.shape for factor in equations.solve(1.0)] == [(20, 5), (5, 3)]


def test_a_fit_is_penalised_least_squares_with_the_best_penalty():
    rng = np.random.default_rng(2)
    parts = [rng.standard_normal((20, 4)) + 0.2 for _ in range(3)]
    grams = np.stack([part.T @ part for part in parts])
    crosses = np.stack([part.T @ np.ones((20, 1)) for part in parts])

    def ridge(rows: np.ndarray, penalty: float) -> np.ndarray:
        strength = np.sqrt(penalty * (rows**2).sum() / 4)
        padded = np.vstack([rows, strength * np.eye(4)])
        return np.linalg.lstsq(padded, np.append(np.ones(len(rows)), np.zeros(4)))[0]

    errors = {
        penalty: ((parts[2] @ ridge(np.vstack(parts[:2]), penalty) - 1) ** 2).mean()
        for penalty in PENALTIES
    }
    best = min(errors, key=errors.get)
    weights, chosen = fit_held_out(grams, crosses, PENALTIES)
    assert chosen.tolist() == [best]
    assert weights[:, 0] == pytest.approx(ridge(np.vstack(parts), best))
    alone, chosen = fit_held_out(grams[:1], crosses[:1], PENALTIES)
    assert chosen.tolist() == [PENALTIES[-1]]
    assert alone[:, 0] == pytest.approx(ridge(parts[0], PENALTIES[-1]))


def test_each_output_has_a_penalty_of_its_own():
    rng = np.random.default_rng(3)
    x = rng.standard_normal((3, 30, 5))
    y = np.stack([x[..., 0], rng.standard_normal((3, 30))], axis=2)  # one to learn, one of noise
    moments, crosses = (x.transpose(0, 2, 1) @ other for other in (x, y))
    weights, chosen = fit_held_out(moments, crosses, PENALTIES)
    assert chosen[0] < chosen[1]
    for place in (0, 1):
        alone, (penalty,) = fit_held_out(moments, crosses[:, :, place, None], PENALTIES)
        assert penalty == chosen[place]
        assert weights[:, place, None] == pytest.approx(alone, rel=1e-12)


def test_both_ways_of_solving_agree():
    rng = np.random.default_rng(4)
    x, y = rng.standard_normal((50, 6)), rng.standard_normal((50, 2))
    moment, cross = x.T @ x, x.T @ y
    direct = solve(moment, cross, 0.1 * moment.trace() / 6).numpy()
    assert spectral(moment, cross)(np.full(2, 0.1)) == pytest.approx(direct, rel=1e-12)
    assert not spectral(np.zeros((6, 6)), np.zeros((6, 2)))(np.full(2, 0.1)).any()

"""Ridge regression, in both its forms, against least squares with the penalty as extra rows."""

from __future__ import annotations

import numpy as np
import pytest

from lvmctl.baselines.least_squares import Dual, Primal


def solve(form: type, x: np.ndarray, y: np.ndarray, penalty: float, blocks: int) -> np.ndarray:
    equations = form(x.shape[1], y.shape[1])
    for some_x, some_y in zip(np.array_split(x, blocks), np.array_split(y, blocks)):
        equations.add(some_x, some_y)
    return equations.solve(penalty).numpy()


@pytest.mark.parametrize("form", [Primal, Dual])
@pytest.mark.parametrize("rows", [8, 20, 60])
@pytest.mark.parametrize("penalty", [1e-6, 0.1, 100])
def test_the_map_is_the_penalised_least_squares_one(form, rows, penalty):
    rng = np.random.default_rng(rows)
    x, y = rng.standard_normal((rows, 20)) + 0.5, rng.standard_normal((rows, 3))
    ridge = penalty * np.linalg.eigvalsh(x.T @ x).mean()
    above, right = np.sqrt(ridge) * np.eye(20), np.zeros((20, 3))
    expected, *_ = np.linalg.lstsq(np.vstack([x, above]), np.vstack([y, right]))
    scale = np.abs(expected).max()
    for blocks in (1, 3):
        found = solve(form, x, y, penalty, blocks)
        assert found / scale == pytest.approx(expected / scale, abs=1e-7)


@pytest.mark.parametrize("form", [Primal, Dual])
def test_rows_of_zeros_have_the_map_zero(form):
    assert not solve(form, np.zeros((5, 4)), np.ones((5, 2)), 1.0, 1).any()


@pytest.mark.parametrize("form", [Primal, Dual])
def test_solving_leaves_the_equations_as_they_were(form):
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((9, 6)), rng.standard_normal((9, 2))
    equations = form(6, 2)
    equations.add(x, y)
    first = equations.solve(0.1)
    equations.solve(10)
    assert np.array_equal(equations.solve(0.1), first)

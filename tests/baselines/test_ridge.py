"""The linear map of the window, against dense least squares and worlds whose map is known."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lvmctl.baselines import ridge
from lvmctl.baselines.least_squares import Dual
from lvmctl.baselines.options import RidgeOptions
from lvmctl.baselines.ridge import Ridge, mean_cosine, parts, uphill
from lvmctl.baselines.weightings import Direct
from lvmctl.data.synthetic.worlds import World, bayes_prediction
from lvmctl.evaluation.predictors import Centred
from lvmctl.registry.record import NoOptions
from lvmctl.registry.specs import Shape
from lvmctl.sphere import cosine

DIM, K = 12, 3
WORLD = World("rotation", 120, 30, DIM, a=0.9, theta=40)


@pytest.fixture(scope="module")
def rotation(world):
    return world(f"rotation?articles=120&chunks=30&dim={DIM}&a=0.9&theta=40", K)


def make(windows, **options) -> Ridge:
    shape = Shape(windows.split.dim, windows.context_length, windows.horizon)
    return Ridge(RidgeOptions(**options), shape).fit(windows)


def dense(context: np.ndarray, target: np.ndarray, penalty: float) -> np.ndarray:
    """M by least squares on all windows at once, the penalty as extra rows."""
    x = context.reshape(len(context), -1)
    size = np.sqrt(penalty * (x**2).sum() / x.shape[1])
    rows = np.vstack([x, size * np.eye(x.shape[1])])
    return np.linalg.lstsq(rows, np.vstack([target, np.zeros((x.shape[1], target.shape[1]))]))[0]


@pytest.mark.parametrize("penalty", [1e-3, 0.3])
@pytest.mark.parametrize("centred", [False, True])
def test_the_map_is_that_of_dense_least_squares(monkeypatch, world, arrays, penalty, centred):
    monkeypatch.setattr(ridge, "BATCH", 50)
    windows, _ = world("topic?articles=30&chunks=14&dim=8&a=0.5", 3)
    if centred:
        windows = Centred(windows, windows.split.mean())
    baseline = make(windows, penalties=(penalty,))
    assert baseline.penalty == penalty
    context, target = arrays(windows)
    expected = dense(context, target, penalty)
    assert baseline.map.numpy() == pytest.approx(expected, abs=1e-5)
    tensor = torch.from_numpy(context).float()
    estimate = context.reshape(len(context), -1) @ expected
    assert baseline.estimate(tensor).numpy() == pytest.approx(estimate, abs=1e-5)
    estimate /= np.linalg.norm(estimate, axis=1, keepdims=True)
    assert baseline(tensor).numpy() == pytest.approx(estimate, abs=1e-4)


def test_it_learns_a_rotation(rotation):
    train, val = rotation
    baseline, every = make(train), np.arange(len(val))
    context, target = (torch.from_numpy(f(every)) for f in (val.context, val.target))
    best = torch.from_numpy(bayes_prediction(WORLD, context.numpy())).float()
    learned = cosine(baseline(context), target).mean().item()
    assert learned == pytest.approx(0.9, abs=0.02)
    assert learned > cosine(Direct(NoOptions(), Shape(DIM, K))(context), target).mean() + 0.1
    assert cosine(baseline(context), best).mean() > 0.99
    # Only the newest chunk tells anything, by a·R.
    turn = bayes_prediction(WORLD, np.eye(DIM)[:, None])
    assert baseline.map[-DIM:].numpy() == pytest.approx(0.9 * turn, abs=0.1)
    assert baseline.map[:-DIM].abs().max() < 0.1


def test_the_penalty_is_the_best_on_articles_not_fitted_on(world):
    windows, _ = world("topic?articles=40&chunks=12&dim=16&a=0.5", 4)
    options = RidgeOptions(penalties=(1e-3, 0.1, 1.0, 10.0, 1e3))
    fitted, held = parts(windows.article, len(windows), options)
    scores = {}
    for penalty in options.penalties:
        equations = Dual(4 * 16, 16)
        ridge.add(equations, windows, fitted)
        scores[penalty] = mean_cosine(windows, held, equations.solve(penalty))
    assert Ridge(options, Shape(16, 4)).fit(windows).penalty == max(scores, key=scores.get)
    assert max(scores, key=scores.get) not in (1e-3, 1e3)


def test_mean_cosine_is_over_windows(monkeypatch, world, arrays):
    monkeypatch.setattr(ridge, "BATCH", 30)
    windows, _ = world("topic?articles=10&chunks=12&dim=6", 2)
    windows = Centred(windows, windows.split.mean())
    rng, (context, target) = np.random.default_rng(0), arrays(windows)
    linear, index = rng.standard_normal((12, 6)), np.arange(1, len(windows), 2)
    estimate, y = context[index].reshape(len(index), -1) @ linear, target[index]
    sizes = np.linalg.norm(estimate, axis=1) * np.linalg.norm(y, axis=1)
    expected = ((estimate * y).sum(axis=1) / sizes).mean()
    assert mean_cosine(windows, index, (torch.from_numpy(linear),)) == pytest.approx(expected)


def test_parts_are_whole_articles_in_a_seeded_order():
    article = np.repeat(np.arange(10) * 3, 7)
    fitted, held = parts(article, 70, RidgeOptions())
    assert np.array_equal(np.sort(np.concatenate([fitted, held])), np.arange(70))
    assert len(held) == 14
    assert not set(article[fitted]) & set(article[held])
    again = parts(article, 70, RidgeOptions())
    assert np.array_equal(fitted, again[0])
    assert any(
        not np.array_equal(held, parts(article, 70, RidgeOptions(seed=s))[1]) for s in range(1, 4)
    )


@pytest.mark.parametrize("limit", [1, 20, 21, 65])
def test_parts_stop_at_the_limit(limit):
    article = np.repeat(np.arange(10), 7)
    fitted, held = parts(article, limit, RidgeOptions(held_out=0.4))
    taken = np.concatenate([fitted, held])
    assert len(taken) == len(set(taken)) == limit
    counts = np.bincount(article[taken], minlength=10)
    assert sorted(set(counts) - {0, 7}) == ([limit % 7] if limit % 7 else [])
    assert len(fitted)


@pytest.mark.parametrize("articles", [1, 2])
def test_with_too_few_articles_the_middle_penalty_is_taken(world, articles):
    windows, _ = world(f"topic?articles={articles + 1}&chunks=12&dim=6", 2)
    baseline = make(windows, penalties=(10.0, 0.1, 1.0))
    assert len(windows.split.lengths) == articles
    assert baseline.penalty == 1.0
    assert baseline.map.abs().max() > 0


@pytest.mark.parametrize(("limit", "form"), [(36, "Dual"), (37, "Primal")])
def test_fewer_windows_than_columns_use_the_dual_form(monkeypatch, rotation, limit, form):
    train, _ = rotation
    used, made = [], getattr(ridge, form)
    monkeypatch.setattr(ridge, form, lambda *shape: used.append(shape) or made(*shape))
    ridge.fit_map(train, RidgeOptions(fit_windows=limit))
    assert used == [(36, 12)]


def test_the_limit_is_what_is_fitted_on(rotation, arrays):
    train, _ = rotation
    options = RidgeOptions(fit_windows=30, held_out=0)
    (weights,), penalty = ridge.fit_map(train, options)
    (context, target), (chosen, none) = arrays(train), parts(train.article, 30, options)
    assert len(chosen) == 30
    assert not len(none)
    expected = dense(context[chosen], target[chosen], penalty)
    assert weights.numpy() == pytest.approx(expected, abs=1e-5)


def test_memory_bounds_the_windows(monkeypatch, rotation):
    train, _ = rotation
    calls = []
    monkeypatch.setattr(
        ridge, "parts", lambda a, limit, o: calls.append(limit) or parts(a, limit, o)
    )
    for memory, limit in ((8 * 36**2, 20_000), (8 * 36**2 - 1, 35), (8 * 36 * 5, 5), (1, 1)):
        monkeypatch.setattr(ridge, "MEMORY", memory)
        ridge.fit_map(train, RidgeOptions(penalties=(1.0,)))
        assert calls.pop() == limit


@pytest.mark.parametrize("peak", [0, 1, 4, 5, 8])
def test_uphill_finds_the_peak(peak):
    calls = []

    def score(value: float) -> float:
        calls.append(value)
        return -abs(value - peak)

    assert uphill([8, 2, 6, 5, 0, 3, 7, 1, 4], score) == peak
    assert len(calls) == len(set(calls)) <= abs(peak - 4) + 3


def test_a_map_is_fitted_once_per_windows(monkeypatch, world):
    windows, others = world("topic?articles=12&chunks=12&dim=6", 2)
    calls = []
    fit = ridge.fit_map
    monkeypatch.setattr(ridge, "fit_map", lambda *args: calls.append(args) or fit(*args))
    first = make(windows)
    assert torch.equal(make(windows).map, first.map)
    assert len(calls) == 1
    assert not torch.equal(make(others).map, first.map)
    assert make(windows, fit_windows=20).map.shape == (12, 6)
    assert len(calls) == 3

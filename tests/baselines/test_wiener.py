"""The best scalar weights, against least squares over all windows at once."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lvmctl.baselines import weightings
from lvmctl.baselines.weightings import Wiener
from lvmctl.data import Windows, open_split
from lvmctl.registry.record import NoOptions
from lvmctl.registry.specs import Shape


def fit(windows: Windows) -> Wiener:
    shape = Shape(windows.split.dim, windows.context_length, windows.horizon)
    return Wiener(NoOptions(), shape).fit(windows)


@pytest.mark.parametrize(("k", "h"), [(5, 1), (3, 2), (1, 1)])
def test_weights_are_those_of_least_squares(monkeypatch, arrays, k, h):
    monkeypatch.setattr(weightings, "BATCH", 64)
    windows = Windows(open_split("synth:topic?articles=30&chunks=14&dim=12&seed=2"), k, h)
    weights = fit(windows).weights.double().numpy()
    context, target = arrays(windows)
    rows = context.transpose(0, 2, 1).reshape(-1, k)
    expected = np.linalg.lstsq(rows, target.reshape(-1), rcond=None)[0]
    assert weights == pytest.approx(expected, abs=1e-6)


def test_no_other_weights_do_better(arrays):
    windows = Windows(open_split("synth:topic?articles=30&chunks=14&dim=12&seed=2"), 4, 1)
    weights = fit(windows).weights.double().numpy()
    context, target = arrays(windows)

    def error(w: np.ndarray) -> float:
        return float(((target - np.einsum("k,wkd->wd", w, context)) ** 2).mean())

    best = error(weights)
    rng = np.random.default_rng(0)
    for size in (1e-3, 1e-2, 1e-1, 1):
        for _ in range(10):
            assert error(weights + size * rng.standard_normal(4)) > best


def test_the_prediction_is_the_weighted_sum_at_unit_norm(arrays):
    windows = Windows(open_split("synth:topic?articles=10&chunks=9&dim=8"), 3, 1)
    fitted = fit(windows)
    context, _ = arrays(windows)
    expected = np.einsum("k,wkd->wd", fitted.weights.double().numpy(), context)
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    assert fitted(torch.from_numpy(context).float()).numpy() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(("a", "h"), [(0.9, 1), (0.5, 1), (0.8, 2)])
def test_on_ar1_only_the_last_chunk_counts(a, h):
    source = f"synth:ar1?articles=200&chunks=30&dim=16&a={a}&seed=1"
    weights = fit(Windows(open_split(source), 4, h)).weights
    assert weights.tolist() == pytest.approx([0, 0, 0, a**h], abs=0.02)


def test_on_topic_the_weights_solve_the_normal_equations_of_the_lag_curve():
    a, f, k = 0.7, 0.4, 4
    source = f"synth:topic?articles=400&chunks=30&dim=24&a={a}&f={f}&seed=3"
    weights = fit(Windows(open_split(source), k, 1)).weights

    def r(lag: int) -> float:
        return f + (1 - f) * a**lag

    gram = [[r(abs(i - j)) for j in range(k)] for i in range(k)]
    expected = np.linalg.solve(gram, [r(k - i) for i in range(k)])
    assert weights.tolist() == pytest.approx(expected.tolist(), abs=0.03)


def test_repeated_chunks_share_their_weight(windows_of):
    windows = windows_of([np.tile(np.eye(4)[0], (9, 1))], 3)
    fitted = fit(windows)
    assert fitted.weights.sum().item() == pytest.approx(1, abs=1e-6)

"""The best exponential average, against all decays tried one by one."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lvmctl.baselines import weightings
from lvmctl.baselines.weightings import Ema
from lvmctl.evaluation.predictors import Centred
from lvmctl.registry.record import NoOptions
from lvmctl.registry.specs import Shape


def fit(windows) -> Ema:
    shape = Shape(windows.split.dim, windows.context_length, windows.horizon)
    return Ema(NoOptions(), shape).fit(windows)


def average(decay: float, context: np.ndarray) -> np.ndarray:
    """The weighted sum of each window, chunk by chunk from the newest."""
    k = context.shape[1]
    return sum(decay**age * context[:, k - 1 - age] for age in range(k))


def mean_cosine(decay: float, context: np.ndarray, target: np.ndarray) -> float:
    q = average(decay, context)
    sizes = np.linalg.norm(q, axis=1) * np.linalg.norm(target, axis=1)
    return float(((q * target).sum(axis=1) / sizes).mean())


@pytest.mark.parametrize("source", ["ar1?a=0.9", "rotation?a=0.9&theta=15"])
def test_where_the_past_is_no_news_it_is_direct(world, source):
    train, _ = world(f"{source}&articles=60&chunks=20&dim=32&seed=1", 4)
    assert fit(train).decay == pytest.approx(0, abs=0.02)


def test_where_chunks_differ_from_their_topic_by_noise_it_is_the_centroid(world):
    train, _ = world("topic?a=0&f=0.4&articles=100&chunks=20&dim=32", 4)
    assert fit(train).decay == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize(("k", "a"), [(5, 0.5), (3, 0.3), (4, 0.4), (5, 0.2)])
def test_no_other_decay_does_better(monkeypatch, world, arrays, k, a):
    monkeypatch.setattr(weightings, "BATCH", 100)
    train, _ = world(f"topic?a={a}&f=0.3&articles=60&chunks=20&dim=16", k)
    fitted, (context, target) = fit(train), arrays(train)
    best = mean_cosine(fitted.decay, context, target)
    every = [mean_cosine(decay, context, target) for decay in np.linspace(0, 1, 401)]
    assert 0.1 < fitted.decay < 0.9
    assert best >= max(every) - 1e-8


def test_mean_cosine_is_that_of_chunks_of_any_length(world, arrays):
    train, _ = world("topic?articles=20&chunks=20&dim=16", 4)
    centred = Centred(train, train.split.mean())
    decays, (context, target) = np.array([0.0, 0.35, 1.0]), arrays(centred)
    cosines = Ema(NoOptions(), Shape(16, 4)).mean_cosine(centred, decays)
    assert cosines == pytest.approx([mean_cosine(decay, context, target) for decay in decays])


def test_the_prediction_is_the_weighted_mean_at_unit_norm(world, arrays):
    train, val = world("topic?a=0.5&f=0.3&articles=40&chunks=20&dim=16", 5)
    fitted, (context, _) = fit(train), arrays(val)
    expected = average(fitted.decay, context)
    weights = sum(fitted.decay**age for age in range(5))
    tensor = torch.from_numpy(context).float()
    assert fitted.estimate(tensor).numpy() == pytest.approx(expected / weights, abs=1e-6)
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    assert fitted(tensor).numpy() == pytest.approx(expected, abs=1e-6)


def test_where_older_chunks_point_away_they_are_left_out(world):
    # Of a rotation by 100° the best weight of the chunk before the last is negative.
    train, _ = world("rotation?theta=100&articles=40&chunks=20&dim=8", 3)
    assert fit(train).decay == 0


def test_a_window_that_cancels_out_counts_as_0(windows_of):
    some = np.random.default_rng(0).standard_normal((50, 7))
    some /= np.linalg.norm(some, axis=1, keepdims=True)
    cancelled = windows_of([np.stack([-chunk, chunk, chunk]) for chunk in some], 2)
    cosines = Ema(NoOptions(), Shape(7, 2)).mean_cosine(cancelled, np.array([0.0, 0.5, 1.0]))
    assert cosines.tolist() == pytest.approx([1, 1, 0])

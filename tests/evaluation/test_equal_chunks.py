"""Chunks that are equal, nearly equal, or of few directions break no baseline and no model."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from lvmctl.data import Windows
from lvmctl.evaluation.measure import Protocol, measure
from lvmctl.evaluation.predictors import Predictor, baselines, own_score
from lvmctl.registry import load_registry
from lvmctl.registry.build import build
from lvmctl.registry.specs import Shape
from lvmctl.testing.samples import readable

DIM, LENGTH, ARTICLES = 4, 22, 6
PROTOCOL = Protocol(pools=("filtered",), tests="C")


def unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def nearly_equal(noise: float) -> Callable[[np.random.Generator, np.ndarray], np.ndarray]:
    return lambda rng, one: one[:1] + noise * rng.standard_normal((LENGTH, DIM))


STORES = {
    "equal": nearly_equal(0.0),
    "equal but for rounding": nearly_equal(1e-8),
    "nearly equal": nearly_equal(1e-5),
    "two": lambda rng, one: one[rng.integers(0, 2, LENGTH)],
    "opposite": lambda rng, one: one[:1] * rng.choice([-1, 1], (LENGTH, 1)),
    "of two directions": lambda rng, one: rng.standard_normal((LENGTH, 2)) @ one[:2],
    "orthogonal": lambda rng, one: np.eye(DIM)[rng.integers(0, DIM, LENGTH)],
}


@pytest.mark.parametrize(("store", "k"), [*((store, 3) for store in STORES), ("equal", 1)])
def test_everyone_predicts_and_ranks(split_of, store, k):
    rng = np.random.default_rng(0)
    one = unit(rng.standard_normal((2, DIM)))
    rows = unit(np.concatenate([STORES[store](rng, one) for _ in range(ARTICLES)]))
    windows = readable(Windows(split_of(rows.astype(np.float32), [LENGTH] * ARTICLES), k, 1))
    for predictor in [*baselines(load_registry(), Shape(DIM, k, 1), windows)[0], *rankers(windows)]:
        measured = measure(windows, predictor, PROTOCOL)
        assert np.isfinite(predictor(windows)).all(), predictor.name
        for path, ranked in measured.ranks.items():
            assert np.isfinite(ranked.ranks).all(), (predictor.name, path)
            if store == "equal":
                assert (ranked.ranks == (ranked.sizes + 1) / 2).all(), (predictor.name, path)


def rankers(windows: Windows) -> list[Predictor]:
    """Models that score, or are fitted to text."""
    registry, made = load_registry(), []
    torch.manual_seed(0)
    for entry in registry.entries("model"):
        if not (entry.record.fitted or "scores" in entry.record.gives):
            continue
        shape = Shape(windows.split.dim, windows.context_length, 1)
        model = build(registry, entry, options=entry.record.options(), shape=shape).eval()
        if entry.record.fitted:
            model.fit(windows)
        call, score = (lambda context, model=model: model(context).q), own_score(entry, model)
        made.append(Predictor(entry.name, call, "run", score))
    assert made
    return made

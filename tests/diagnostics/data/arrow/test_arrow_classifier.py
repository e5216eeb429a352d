"""The bilinear classifier: its features, its refits, its level and its power."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from diagnostics.directed import articles_of, draws, split_of

from lvmctl.data import Split
from lvmctl.data.store.arrays import unit64
from lvmctl.diagnostics.data.arrow import arrow_classifier as module
from lvmctl.diagnostics.data.arrow.arrow_classifier import (
    WindowSample,
    classify,
    features,
    network_accuracy,
    sample_windows,
)
from lvmctl.diagnostics.data.arrow.predictability import reversed_split


def drifting(articles: int = 30, chunks: int = 10, dim: int = 6) -> Split:
    """Independent chunks whose mean moves along a line, which A_k hardly sees."""
    rows = np.random.default_rng(4).standard_normal((articles, chunks, dim))
    rows[:, :, 0] += np.linspace(-3, 3, chunks)
    return split_of(*unit64(rows))


def test_windows_are_whole_and_folds_are_of_articles():
    rng = np.random.default_rng(0)
    split = split_of(*(rng.standard_normal((length, 5)) for length in (4, 9, 2, 6, 7, 3)))
    sample = sample_windows(split, 4, 1000)
    assert sample.article.tolist() == [0] * 1 + [1] * 6 + [3] * 3 + [4] * 4
    assert sample.folds == 4
    assert {len({*sample.fold[sample.article == a]}) for a in (0, 1, 3, 4)} == {1}
    assert {*sample.fold} == {0, 1, 2, 3}
    # Five components of five dimensions keep all distances, but for the common scale.
    articles = articles_of(split)
    used = np.concatenate([articles[a] for a in (0, 1, 3, 4)])
    scale = np.sqrt(used.var(axis=0).sum())
    wanted = np.linalg.norm(articles[1][2:5] - articles[1][3:6], axis=1)
    steps = np.linalg.norm(np.diff(sample.chunks[3], axis=0), axis=1)
    assert steps * scale == pytest.approx(wanted, abs=1e-5)


def test_articles_are_taken_until_there_are_enough_windows():
    (split,) = draws("iid", 1, articles=30, chunks=8)
    few = sample_windows(split, 4, 21, seed=2)
    assert len({*few.article}) == 5
    assert len(few.article) == 25
    assert {*sample_windows(split, 4, 21, seed=3).article} != {*few.article}
    assert len(sample_windows(split, 4, 10_000).article) == 150


def test_one_long_article_is_not_enough():
    split = split_of(np.eye(6), np.eye(6)[:3])
    assert sample_windows(split, 4, 100) is None
    assert sample_windows(split, 3, 100) is not None


def test_features_change_sign_with_the_direction():
    chunks = np.random.default_rng(1).standard_normal((7, 4, 3)).astype(np.float32)
    rows = features(chunks)
    assert features(chunks[:, ::-1]) == pytest.approx(-rows, abs=1e-5)
    padded = np.concatenate([chunks, np.ones((7, 4, 1))], axis=2)
    i, j = np.triu_indices(4, 1)
    for window, row in zip(padded, rows):
        outer = sum(np.outer(a, b) - np.outer(b, a) for a, b in pairwise(window))
        assert row == pytest.approx(outer[i, j], abs=1e-5)
    # With the 1: the last chunk minus the first.
    ends = rows[:, (j == 3) & (i < 3)]
    assert ends == pytest.approx(chunks[:, 0] - chunks[:, -1], abs=1e-5)


def test_a_refit_is_the_classifier_of_reversed_articles():
    """The null is made of real reversals: reverse articles by hand and fit again."""
    (split,) = draws("rotation", 1, articles=12, chunks=8, a=0.3)
    sample = sample_windows(split, 4, 1000)
    names = np.unique(sample.article)
    signs = 2 * np.random.default_rng(5).integers(0, 2, (len(names), 19)) - 1
    shares = []
    for flipped in signs.T:
        back = (flipped < 0)[np.searchsorted(names, sample.article)]
        chunks = np.where(back[:, None, None], sample.chunks[:, ::-1], sample.chunks)
        again = WindowSample(chunks, sample.article, sample.fold, sample.folds)
        shares.append(classify(again, 19)["accuracy"])
    result = classify(sample, 19, seed=5)
    assert result["null_mean"] == pytest.approx(np.mean(shares), abs=1e-6)
    reached = sum(share >= result["accuracy"] - 1e-9 for share in shares)
    assert result["p"] == pytest.approx((1 + reached) / 20)
    assert result["null_range"][0] <= result["null_mean"] <= result["null_range"][1]


def test_held_out_articles_are_not_fitted_on():
    """Noise in more dimensions than articles: what is fitted on would be told perfectly."""
    rng = np.random.default_rng(8)
    split = split_of(*unit64(rng.standard_normal((12, 6, 20))))
    assert classify(sample_windows(split, 5, 1000), 19)["accuracy"] < 0.75


@pytest.mark.parametrize("world", ["ar1", "topic", "shuffled"])
def test_p_holds_its_level_where_there_is_no_arrow(world):
    p_values = [
        classify(sample_windows(split, 4, 1000), 99, seed=number)["p"]
        for number, split in enumerate(draws(world, 200, dim=4))
    ]
    assert 0.01 <= np.mean([p <= 0.05 for p in p_values]) <= 0.10


def test_a_rotation_is_found():
    results = [
        classify(sample_windows(split, 6, 1000), 39)
        for split in draws("rotation", 20, articles=50, chunks=40, dim=8)
    ]
    assert np.mean([each["p"] <= 0.05 for each in results]) >= 0.95
    assert min(each["accuracy"] for each in results) > 0.95


def test_a_drift_of_the_mean_is_found():
    split = drifting()
    result = classify(sample_windows(split, 6, 1000), 99)
    assert result["p"] <= 0.05
    assert result["accuracy"] > 0.8
    turned = classify(sample_windows(reversed_split(split), 6, 1000), 99)
    assert turned["accuracy"] == pytest.approx(result["accuracy"])


def test_chunks_that_are_all_the_same_have_no_direction():
    same = np.tile(np.eye(4)[0], (6, 1))
    sample = sample_windows(split_of(same, same, same), 4, 100)
    result = classify(sample, 19)
    assert (result["accuracy"], result["p"]) == (0.5, 1.0)
    assert network_accuracy(sample) == 0.5


def test_the_network_tells_a_rotation_and_not_ar1(monkeypatch):
    monkeypatch.setattr(module, "BATCH", 64)
    (turning,) = draws("rotation", 1, articles=30, chunks=20, dim=4)
    (walking,) = draws("ar1", 1, articles=30, chunks=20, dim=4)
    assert network_accuracy(sample_windows(turning, 5, 1000)) > 0.9
    assert network_accuracy(sample_windows(walking, 5, 1000)) == pytest.approx(0.5, abs=0.12)


def test_the_network_leaves_the_global_generator_alone():
    (split,) = draws("ar1", 1, articles=6)
    sample = sample_windows(split, 4, 1000)
    torch.manual_seed(7)
    first = network_accuracy(sample, seed=3)
    after = torch.rand(1)
    torch.manual_seed(7)
    assert torch.rand(1) == after
    assert network_accuracy(sample, seed=3) == first

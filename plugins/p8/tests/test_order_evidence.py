"""The order classifier: blind on reversible worlds, right on rotations, antisymmetric always."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from lvmctl_p8.order_evidence import (
    PENALTIES,
    OrderClassifier,
    features,
    fit_order,
    held_out,
    order_accuracy,
    order_pairs,
    principal,
)

from lvmctl import Windows, open_split
from lvmctl.sphere import unit


def world(source: str, context: int = 3, horizon: int = 1) -> Windows:
    return Windows(open_split(f"synth:{source}"), context, horizon)


def halves(windows: Windows) -> tuple[np.ndarray, Windows]:
    """Windows of the second half of the articles, and the windows of the first half."""
    articles = len(windows.split.lengths)
    train = windows.split.take(np.arange(articles // 2))
    later = np.flatnonzero(windows.article >= articles // 2)
    return later, Windows(train, windows.context_length, windows.horizon)


def four_errors(windows: Windows, values: np.ndarray, rows: np.ndarray) -> float:
    """Four standard errors of the mean over windows, articles being independent."""
    residuals = np.bincount(windows.article[rows], values - values.mean())
    return 4 * math.sqrt((residuals**2).sum()) / len(values)


@pytest.mark.parametrize("source", ["ar1?a=0.8", "ar1?a=0.3", "topic?f=0.4", "iid?"])
def test_the_order_of_reversible_chunks_is_at_chance(source):
    windows = world(f"{source}&articles=120&chunks=20&dim=8&seed=3")
    index, train = halves(windows)
    accuracy = order_accuracy(fit_order(train), windows, index)
    within = four_errors(windows, accuracy, index)
    assert within < 0.1
    assert accuracy.mean() == pytest.approx(0.5, abs=within)


def test_the_order_of_rotating_chunks_is_learned():
    # At 40°, lags of 1 to 3 all turn the same way: E[aᵀMb] is a^k sin(kθ) > 0 for M = R - Rᵀ.
    windows = world("rotation?articles=100&chunks=20&dim=16&a=0.95&seed=3")
    index, train = halves(windows)
    classifier = fit_order(train)
    assert order_accuracy(classifier, windows, index).mean() > 0.97
    assert order_accuracy(lambda a, b: -classifier(a, b), windows, index).mean() < 0.03
    # Read backward, the same world turns the other way.
    backward = world("rotation?articles=100&chunks=20&dim=16&a=0.95&theta=-40&seed=3")
    assert order_accuracy(classifier, backward, index).mean() < 0.03


def drifting(split_of, articles: int = 40, chunks: int = 12, dim: int = 8) -> Windows:
    """Independent chunks whose mean moves along the first axis."""
    rng = np.random.default_rng(5)
    vectors = rng.standard_normal((articles, chunks, dim))
    vectors[:, :, 0] += np.linspace(-6, 6, chunks)
    return Windows(
        split_of(unit(torch.from_numpy(vectors.reshape(-1, dim))).numpy(), [chunks] * articles),
        4,
        1,
    )


def test_a_mean_that_drifts_is_seen(split_of):
    windows = drifting(split_of)
    index, train = halves(windows)
    classifier = fit_order(train)
    assert order_accuracy(classifier, windows, index).mean() > 0.85
    classifier.form[:, -1] = classifier.form[-1] = 0  # by the 1 behind the components alone
    assert order_accuracy(classifier, windows, index).mean() < 0.65


@given(seed=st.integers(0, 2**16), rank=st.integers(1, 5), dim=st.integers(5, 9))
def test_the_score_is_antisymmetric(seed, rank, dim):
    rng = np.random.default_rng(seed)
    axes, _ = np.linalg.qr(rng.standard_normal((dim, dim)))
    half = rng.standard_normal((rank + 1, rank + 1))
    score = OrderClassifier(rng.standard_normal(dim), axes[:, :rank], half - half.T, 1.0)
    a, b = rng.standard_normal((2, 7, dim))
    assert score(a, b) == pytest.approx(-score(b, a))
    assert score(a, a) == pytest.approx(np.zeros(7), abs=1e-9)
    # ãᵀMb̃ written out for one pair.
    first, other = (np.append((x[0] - score.mean) @ axes[:, :rank], 1) for x in (a, b))
    assert score(a, b)[0] == pytest.approx(first @ (half - half.T) @ other)


def test_a_fitted_form_is_antisymmetric_and_small_enough(split_of):
    classifier = fit_order(drifting(split_of), rank=3)
    assert np.array_equal(classifier.form, -classifier.form.T)
    assert classifier.components.shape == (8, 3)
    assert fit_order(drifting(split_of)).components.shape == (8, 8)


def test_the_form_is_the_penalised_least_squares_solution(split_of):
    windows, rank, seed = drifting(split_of, articles=9), 3, 2
    fitted = fit_order(windows, rank=rank, seed=seed)
    every = np.arange(len(windows))
    rows, labels = [], []
    for _, first, second, later in order_pairs(windows, every, 2, seed):
        for a, b, label in zip(first.astype(np.float64), second.astype(np.float64), later):
            a, b = (np.append((x - fitted.mean) @ fitted.components, 1) for x in (a, b))
            outer = np.outer(a, b) - np.outer(b, a)
            rows.append([outer[i, j] for i in range(rank + 1) for j in range(i + 1, rank + 1)])
            labels.append(label)
    rows = np.array(rows)
    strength = fitted.penalty * (rows**2).sum() / rows.shape[1]
    padded = np.vstack([rows, math.sqrt(strength) * np.eye(rows.shape[1])])
    expected, *_ = np.linalg.lstsq(padded, np.append(labels, np.zeros(rows.shape[1])))
    form = [fitted.form[i, j] for i in range(rank + 1) for j in range(i + 1, rank + 1)]
    assert form == pytest.approx(expected.tolist(), rel=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_the_penalty_is_the_best_on_held_out_articles(split_of, seed):
    windows = drifting(split_of, articles=7)
    held = held_out(windows.article, seed)
    mean, components = principal(windows, np.arange(len(windows)), 8, 2, seed)
    sides = ([], []), ([], [])
    for part, first, second, later in order_pairs(windows, np.arange(len(windows)), 2, seed):
        for pair, (a, b) in enumerate(zip(first, second)):
            a, b = (np.append((x - mean) @ components, 1)[None] for x in (a, b))
            rows, labels = sides[int(held[part][pair // 2])]
            rows.append(features(a, b)[0])
            labels.append(later[pair])
    (rows, labels), (held_rows, held_labels) = ([np.array(x) for x in side] for side in sides)
    errors = {}
    for penalty in PENALTIES:
        moment = rows.T @ rows
        ridge = penalty * moment.trace() / len(moment) * np.eye(len(moment))
        weights = np.linalg.solve(moment + ridge, rows.T @ labels)
        errors[penalty] = ((held_rows @ weights - held_labels) ** 2).mean()
    assert fit_order(windows, seed=seed).penalty == min(errors, key=errors.get)


def test_principal_components_are_those_of_the_first_chunks(split_of):
    windows = drifting(split_of, articles=8)
    every = np.arange(len(windows))
    mean, components = principal(windows, every, 2, 2, 7)
    chunks = np.concatenate([first for _, first, _, _ in order_pairs(windows, every, 2, 7)])
    assert mean == pytest.approx(chunks.mean(axis=0), abs=1e-6)
    _, _, axes = np.linalg.svd(chunks - chunks.mean(axis=0), full_matrices=False)
    assert np.abs(axes[:2] @ components) == pytest.approx(np.eye(2), abs=1e-4)


@pytest.fixture(scope="module")
def numbered(split_of) -> Windows:
    """Windows whose chunks say where they are: the first axis grows with the position."""
    angle = np.tile(np.linspace(0.1, 1.4, 30), 50)
    vectors = np.stack([np.sin(angle), np.cos(angle)], axis=1).astype(np.float32)
    return Windows(split_of(vectors, [30] * 50), 4, 2)


def test_accuracy_is_the_share_of_pairs_in_order(numbered):
    assert len(numbered) > 1024  # more than one block

    def right(a, b):
        return b[:, 0] - a[:, 0]

    rows = np.array([3, 5, 900, 1100])
    assert order_accuracy(right, numbered).tolist() == [1] * len(numbered)
    assert order_accuracy(lambda a, b: -right(a, b), numbered, rows).tolist() == [0] * 4
    assert order_accuracy(lambda a, b: 0 * right(a, b), numbered, rows).tolist() == [0.5] * 4
    accuracy = order_accuracy(right, numbered, rows)
    assert accuracy.tolist() == [1] * 4
    # One pair in three told wrongly.
    wrong = np.tile([-1, 1, 1], 4)
    accuracy = order_accuracy(lambda a, b: wrong * right(a, b), numbered, rows, pairs=3)
    assert accuracy == pytest.approx(2 / 3)


def test_a_score_that_is_not_a_number_stays_one(numbered):
    def score(a, b):
        return np.where(np.arange(len(a)) == 2, np.nan, b[:, 0] - a[:, 0])

    accuracy = order_accuracy(score, numbered, np.arange(3), pairs=2)
    assert np.isnan(accuracy).tolist() == [False, True, False]


def test_everyone_is_asked_the_same_pairs(numbered):
    drawn = [list(order_pairs(numbered, np.arange(1200), 2, seed)) for seed in (0, 0, 1)]
    for (_, *first), (_, *same), (_, *other) in zip(*drawn):
        assert all(np.array_equal(x, y) for x, y in zip(first, same))
        assert not np.array_equal(first[0], other[0])


def test_every_block_draws_its_own_pairs(numbered):
    drawn = []
    for part, first, _, _ in order_pairs(numbered, np.arange(1200), 1, 0):
        position = np.round((np.arcsin(first[:, 0]) - 0.1) * 29 / 1.3).astype(int)
        drawn.append(position - numbered.position[:1200][part])
    assert {*drawn[0]} == {*drawn[1]} == {0, 1, 2, 3, 5}  # the window, and its target 2 ahead
    assert drawn[0][:100].tolist() != drawn[1][:100].tolist()


def test_pairs_are_of_the_window_with_its_target(numbered):
    window = np.array([7])
    inside = {*numbered.context(window)[0, :, 0].round(4), *numbered.target(window)[:, 0].round(4)}
    ((_, first, second, later),) = order_pairs(numbered, window, 200, 0)
    assert {*first[:, 0].round(4)} == {*second[:, 0].round(4)} == inside
    assert len(inside) == 5
    assert np.array_equal(later, np.sign(second[:, 0] - first[:, 0]))


def test_fitting_is_seeded_and_takes_a_sample(split_of):
    windows = drifting(split_of)
    first, same, other = (fit_order(windows, most=50, seed=seed).form for seed in (1, 1, 2))
    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)
    assert not np.array_equal(first, fit_order(windows, seed=1).form)


def test_the_sample_is_of_all_articles(split_of):
    halves = np.repeat(np.eye(2, dtype=np.float32), 120, axis=0)
    classifier = fit_order(Windows(split_of(halves, [12] * 20), 3, 1), most=80)
    assert classifier.mean.tolist() == pytest.approx([0.5, 0.5], abs=0.2)


def test_whole_articles_are_held_out():
    article = np.repeat(np.arange(20) * 3, 4)
    held = held_out(article, 0)
    assert len({*article[held]}) == 4
    assert not {*article[held]} & {*article[~held]}
    assert held_out(article, 1).tolist() != held.tolist()
    assert len({*article[:8][held_out(article[:8], 0)]}) == 1
    assert not held_out(article[:4], 0).any()


def test_one_article_is_fitted_with_the_largest_penalty(split_of):
    classifier = fit_order(drifting(split_of, articles=1, chunks=40))
    assert classifier.penalty == PENALTIES[-1]
    assert classifier.form.any()


def test_chunks_that_are_all_the_same_have_no_order(split_of):
    same = np.tile(np.eye(4, dtype=np.float32)[0], (24, 1))
    windows = Windows(split_of(same, [12, 12]), 3, 1)
    assert order_accuracy(fit_order(windows), windows).tolist() == [0.5] * len(windows)

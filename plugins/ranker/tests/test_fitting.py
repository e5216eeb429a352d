"""What is fitted on the training text: against closed forms, and never on the fold left out."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from lvmctl_ranker.fitting import (
    FOLDS,
    RIDGE,
    Sums,
    distance,
    fit_axes,
    fold_of,
    guessed_from,
    soft_root,
)

from lvmctl import Windows
from lvmctl.testing.samples import split_of

K, DIM = 3, 6


def articles(count: int = 12, seed: int = 0) -> list[np.ndarray]:
    """Unit chunks that turn slowly along their first axes and at random along the others."""
    rng, made = np.random.default_rng(seed), []
    for number in range(count):
        x = rng.standard_normal((14 + number, DIM))
        for t in range(1, len(x)):
            x[t, :2] = 0.8 * x[t - 1, :2] + 0.6 * x[t, :2]
        made.append(x / np.linalg.norm(x, axis=1, keepdims=True))
    return made


def windows(made: list[np.ndarray]) -> Windows:
    return Windows(split_of(made), K, 1)


def centred(made: list[np.ndarray]) -> list[np.ndarray]:
    return [x - x.mean(axis=0) for x in made]


def test_the_axes_whiten_and_diagonalise_what_successive_chunks_share():
    made = articles(40)
    sums = sum((added(x) for x in made), Sums(DIM))
    axes, agreement = (x.numpy() for x in sums.axes(DIM))
    z = centred(made)
    within = sum(x.T @ x for x in z) / sum(map(len, z))
    lag = sum(x[:-1].T @ x[1:] for x in z) / sum(len(x) - 1 for x in z)
    soft = within + 0.3 * np.trace(within) / DIM * np.eye(DIM)
    assert np.allclose(axes.T @ soft @ axes, np.eye(DIM), atol=1e-4)
    shared = axes.T @ (lag + lag.T) @ axes / 2
    assert np.allclose(shared, np.diag(np.diag(shared)), atol=1e-4)
    assert np.allclose(agreement, np.diag(shared).clip(0), atol=1e-4)
    assert (np.diff(agreement) >= -1e-6).all()
    two = axes[:, -2:] / np.linalg.norm(axes[:, -2:], axis=0)
    assert np.linalg.norm(two[:2], axis=0).min() > 0.95  # the slow ones come last


def added(x: np.ndarray) -> Sums:
    sums = Sums(DIM)
    sums.add(torch.from_numpy(x).float())
    return sums


def test_fewer_axes_are_the_leading_ones():
    sums = sum((added(x) for x in articles()), Sums(DIM))
    (every, most), (some, few) = sums.axes(DIM), sums.axes(2)
    assert torch.equal(some, every[:, -2:])
    assert torch.equal(few, most[-2:])


def test_a_soft_root_is_a_root_of_the_shifted_inverse():
    matrix = torch.randn(DIM, DIM, generator=torch.Generator().manual_seed(0))
    covariance = matrix @ matrix.T
    root = soft_root(covariance, 0.5)
    shifted = covariance + 0.5 * covariance.trace() / DIM * torch.eye(DIM)
    assert torch.allclose(root @ root.T @ shifted, torch.eye(DIM), atol=1e-3)
    assert not soft_root(torch.zeros(DIM, DIM), 0.5).any()


def test_the_guess_is_a_ridge_along_the_axes():
    made = articles()
    buffers = fit_axes(windows(made), DIM)
    axes = buffers["axes"][FOLDS].double().numpy()
    inputs, wanted = [], []
    for x in centred(made):
        z = x @ axes
        for s in range(len(z) - K):
            w = z[s : s + K]
            inputs.append(np.concatenate([w[-1], w[-2], w.mean(axis=0)]))
            wanted.append(z[s + K])
    inputs, wanted = np.array(inputs), np.array(wanted)
    moment = inputs.T @ inputs
    shifted = moment + RIDGE * np.trace(moment) / len(moment) * np.eye(len(moment))
    expected = np.linalg.solve(shifted, inputs.T @ wanted)
    assert np.allclose(buffers["ahead"][FOLDS].numpy(), expected, atol=1e-3)


def test_a_window_of_one_chunk_is_guessed_from():
    window = torch.arange(4.0).view(1, 1, 4)
    assert torch.equal(guessed_from(window), window.repeat(1, 1, 3))


@pytest.mark.parametrize("fold", range(FOLDS))
def test_a_fold_is_fitted_without_its_articles(fold):
    made = articles()
    changed = list(made)
    for number in (n for n in range(len(made)) if fold_of(n) == fold):
        changed[number] = made[number][::-1].copy() * [1, -1, 1, 1, 1, 1]
    before, after = fit_axes(windows(made), DIM), fit_axes(windows(changed), DIM)
    for name in ("axes", "agreement", "ahead"):
        assert torch.equal(before[name][fold], after[name][fold])
        assert not torch.equal(before[name][FOLDS], after[name][FOLDS])


def test_most_held_out_windows_are_nearer_than_the_limit():
    buffers = fit_axes(windows(articles(60)), DIM)
    fresh = windows(articles(60, seed=1))
    context = torch.from_numpy(fresh.context(np.arange(len(fresh))))
    near = distance(context, buffers["mean"], buffers["root"]) <= buffers["limit"]
    assert 0.97 < near.float().mean() <= 1
    expected = ((context - buffers["mean"]) @ buffers["root"]).norm(dim=-1).square().mean(dim=1)
    assert torch.allclose(distance(context, buffers["mean"], buffers["root"]), expected, atol=1e-4)


def test_nothing_is_learned_where_a_fold_has_no_article():
    assert fit_axes(windows(articles(FOLDS - 1)), DIM) == {}
    assert fit_axes(windows(articles(FOLDS)), DIM)


def test_articles_too_short_for_a_window_do_not_count():
    made = articles()
    short = articles(seed=2)[0][:K]
    buffers, expected = fit_axes(windows([*made, short]), DIM), fit_axes(windows(made), DIM)
    assert all(torch.equal(buffers[name], expected[name]) for name in expected)


@pytest.mark.parametrize("period", [2, 3, 5, 10])
def test_folds_are_alike_where_a_regular_part_of_the_articles_is_missing(period):
    numbers = np.arange(500)
    counts = np.bincount(fold_of(numbers[numbers % period != 0]), minlength=FOLDS)
    assert counts.max() - counts.min() <= 2
    assert fold_of(7) == fold_of(torch.tensor(7)) == fold_of(numbers)[7]


@pytest.mark.parametrize(("copies", "learned"), [(1, True), (30, False)])
def test_nothing_is_learned_from_text_that_stands_in_several_articles(copies, learned):
    """A fold that is left out would be in the others all the same."""
    made = articles(30)
    pieces = [np.concatenate([x[:7], y[:7]]) for x, y in zip(made, made[1:] + made[:1])]
    assert bool(fit_axes(windows([*made, *pieces[:copies]]), DIM)) == learned


def test_chunks_that_are_all_alike_have_no_axes():
    made = [np.repeat(x[:1], 12, axis=0) for x in articles()]
    assert not fit_axes(windows(made), DIM)["axes"].any()

"""Moments of chunks against closed forms and slow sums."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import sphere, split_of

from lvmctl.data.moments import moments
from lvmctl.data.store.arrays import unit64

lengths = st.lists(st.integers(1, 9), min_size=1, max_size=8)


@given(lengths, st.integers(1, 5), st.integers(0, 10**6))
def test_sums_are_those_of_a_loop(lengths, dim, seed):
    rng = np.random.default_rng(seed)
    split = split_of(rng.standard_normal((sum(lengths), dim)) + 1, lengths)
    rows, low = unit64(split.vectors), 0
    total, second, weight = np.zeros(dim), np.zeros((dim, dim)), 0.0
    for length in lengths:
        article = rows[low : low + length]
        low += length
        total += article.sum(axis=0)
        weight += float(article.sum(axis=0) @ article.sum(axis=0))
        for x in article:
            second += np.outer(x, x)
    steps = []
    measured = moments(split, steps.append)
    assert sum(steps) == measured.chunks == len(rows)
    assert measured.total == pytest.approx(total, abs=1e-4)
    assert measured.second == pytest.approx(second, abs=1e-4)
    assert measured.within == pytest.approx(weight, abs=1e-4)
    owner = np.repeat(np.arange(len(lengths)), lengths)
    cosines = (rows @ rows.T)[owner[:, None] != owner]
    if len(cosines):
        assert measured.mean_cosine == pytest.approx(cosines.mean(), abs=1e-5)
    else:
        assert math.isnan(measured.mean_cosine)


@pytest.mark.parametrize("ratio", [1.0, 3.0, 20.0])
def test_a_gaussian_of_chosen_covariance_in_the_plane(ratio):
    """For x ~ N(0, diag(s²r², s²)), x₁²/‖x‖² is r/(1 + r) on average, and r is the ratio."""
    rng = np.random.default_rng(1)
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    rows = rng.standard_normal((60_000, 2)) * [ratio, 1.0] @ turn
    measured = moments(split_of(rows, [300] * 200))
    assert measured.shares == pytest.approx([ratio / (1 + ratio), 1 / (1 + ratio)], abs=0.005)
    values, axes = measured.spectrum
    assert values == pytest.approx(measured.eigenvalues)
    if ratio > 1:
        assert abs(axes[:, 0] @ turn[0]) == pytest.approx(1, abs=1e-3)


def test_articles_that_lie_in_many_blocks(monkeypatch):
    split = split_of(sphere(40, 3), [1, 17, 2, 20])
    whole = moments(split)
    for size in (1, 3 * 8 * 5):
        monkeypatch.setattr("lvmctl.data.splits.split.BLOCK_BYTES", size)
        measured = moments(split)
        assert measured.within == pytest.approx(whole.within)
        assert measured.second == pytest.approx(whole.second, abs=1e-5)
        assert (measured.chunks, measured.squares) == (40, 1 + 289 + 4 + 400)

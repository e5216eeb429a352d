"""The pairs whose order is asked for."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from lvmctl_p8.pairs import draw_pairs, order_pairs

from lvmctl import Windows
from lvmctl.testing import random_batch

FAR = 6.0
"""Standard deviations of a χ² statistic above its mean."""


@given(
    windows=st.integers(1, 5),
    chunks=st.integers(2, 7),
    count=st.integers(1, 5),
    seed=st.integers(0, 1000),
)
def test_pairs_differ_and_are_in_range(windows, chunks, count, seed):
    first, second = draw_pairs(np.random.default_rng(seed), windows, chunks, count)
    assert first.shape == second.shape == (windows, count)
    assert (first != second).all()
    for side in (first, second):
        assert side.min() >= 0
        assert side.max() < chunks


@pytest.mark.parametrize("chunks", [2, 6])
def test_pairs_are_uniform_in_both_orders(chunks):
    first, second = draw_pairs(np.random.default_rng(1), 3000, chunks, 4)
    counts = np.zeros((chunks, chunks))
    np.add.at(counts, (first, second), 1)
    counts = counts[~np.eye(chunks, dtype=bool)]
    expected = counts.mean()
    statistic = ((counts - expected) ** 2 / expected).sum()
    freedom = counts.size - 1
    assert statistic < freedom + FAR * (2 * freedom) ** 0.5


def test_the_field_has_both_places_of_each_pair(split_of):
    windows = Windows(split_of(np.eye(12, dtype=np.float32), [12]), 4, 1)
    index = np.array([5, 0, 3])
    pairs = order_pairs(windows, index, 7, np.random.default_rng(3))
    drawn = draw_pairs(np.random.default_rng(3), 3, 5, 7)
    assert pairs.shape == (3, 7, 2)
    assert np.array_equal(pairs[..., 0], drawn[0])
    assert np.array_equal(pairs[..., 1], drawn[1])


def test_negatives_are_drawn_first():
    """What a verifier is asked depends on whether other losses draw negatives, and on no more."""
    fields = {"order_pairs": order_pairs}
    first, same, other = (
        random_batch(negatives=negatives, fields=fields, order_pairs=2).order_pairs
        for negatives in (4, 4, 3)
    )
    assert torch.equal(first, same)
    assert not torch.equal(first, other)

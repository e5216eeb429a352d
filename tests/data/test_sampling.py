"""Orders, negatives and pairs: every draw allowed, every allowed draw equally likely."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvmctl.data.sampling import (
    draw_negatives,
    epoch_order,
    generator,
    step_windows,
    steps_per_epoch,
)

SMALL = st.integers(0, 2**32)


def chi_squared(counts: np.ndarray) -> float:
    expected = counts.sum() / counts.size
    return float(((counts - expected) ** 2 / expected).sum())


def far_above(degrees: int) -> float:
    """A value that chi-squared with so many degrees exceeds once in a million runs."""
    return degrees + 5 * (2 * degrees) ** 0.5 + 15


@given(windows=st.integers(1, 300), batch=st.integers(1, 400), seed=SMALL, epoch=SMALL)
def test_an_epoch_visits_every_window_once(windows, batch, seed, epoch):
    order = epoch_order(windows, seed, epoch)
    steps = [step_windows(order, batch, i) for i in range(steps_per_epoch(windows, batch))]
    assert sorted(np.concatenate(steps)) == list(range(windows))
    assert all(len(step) == batch for step in steps[:-1])
    assert 1 <= len(steps[-1]) <= batch
    assert np.array_equal(order, epoch_order(windows, seed, epoch))


def test_orders_differ_between_epochs_and_seeds():
    orders = [epoch_order(50, seed, epoch).tolist() for seed in (0, 1) for epoch in (1, 2)]
    assert len({tuple(order) for order in orders}) == 4


def test_orders_are_uniform():
    counts = np.zeros((4, 4))
    for epoch in range(2000):
        counts[np.arange(4), epoch_order(4, 0, epoch)] += 1
    assert chi_squared(counts) < far_above(9)


def test_a_generator_serves_one_purpose_and_key():
    keys = [("order", 1), ("batch", 1), ("order", 1, 0), ("batch", 1, 0), ("batch", 0, 1)]
    first = [generator(7, *key).integers(2**60) for key in keys]
    assert len(set(first)) == len(keys)
    assert first == [generator(7, *key).integers(2**60) for key in keys]


@st.composite
def windows_in_articles(draw):
    """K, target offset, and one window's article length and position."""
    k, horizon = draw(st.integers(1, 5)), draw(st.integers(1, 3))
    offset = k - 1 + horizon
    lengths, positions = [], []
    for _ in range(draw(st.integers(1, 4))):
        lengths.append(offset + 1 + draw(st.integers(0, 6)))
        positions.append(draw(st.integers(0, lengths[-1] - offset - 1)))
    return k, offset, np.array(lengths), np.array(positions)


@given(windows_in_articles(), st.integers(0, 6), SMALL)
def test_negatives_are_elsewhere_in_the_article_and_differ(case, count, seed):
    k, offset, lengths, positions = case
    chosen, real = draw_negatives(np.random.default_rng(seed), lengths, positions, k, offset, count)
    assert chosen.shape == real.shape == (len(lengths), count)
    for row, (length, first) in enumerate(zip(lengths, positions)):
        taken = {*range(first, first + k), first + offset}
        allowed = set(range(length)) - taken
        drawn = chosen[row][real[row]].tolist()
        assert set(drawn) <= allowed
        assert len(set(drawn)) == len(drawn) == min(count, len(allowed))
        # The real ones come first; the rest point at a chunk that exists.
        assert real[row].tolist() == sorted(real[row].tolist(), reverse=True)
        assert set(chosen[row][~real[row]]) <= {first}


@pytest.mark.parametrize(
    ("k", "offset", "length", "first"), [(2, 2, 8, 3), (3, 4, 9, 1), (1, 2, 6, 0)]
)
def test_negatives_are_uniform(k, offset, length, first):
    draws, count = 6000, 3
    repeat = np.full(draws, 1)
    chosen, real = draw_negatives(
        np.random.default_rng(0), length * repeat, first * repeat, k, offset, count
    )
    assert real.all()
    allowed = sorted(set(range(length)) - {*range(first, first + k), first + offset})
    for column in chosen.T:
        counts = np.bincount(column, minlength=length)[allowed]
        assert chi_squared(counts) < far_above(len(allowed) - 1)
    pairs = np.zeros((length, length))
    np.add.at(pairs, (chosen[:, 0], chosen[:, 1]), 1)
    pairs = pairs[np.ix_(allowed, allowed)][~np.eye(len(allowed), dtype=bool)]
    assert chi_squared(pairs) < far_above(pairs.size - 1)

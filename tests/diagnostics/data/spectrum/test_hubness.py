"""Hubs against a slow search, and where they are known to occur."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvmctl.data.store.arrays import unit
from lvmctl.diagnostics.data.spectrum.hubness import (
    isotropic_rows,
    k_occurrences,
    skewness,
    skewness_terms,
)
from lvmctl.evaluation.retrieval import blocks


@given(st.integers(0, 10**6), st.integers(2, 30), st.integers(2, 6), st.integers(1, 12))
def test_occurrences_are_those_of_a_slow_search(seed, count, dim, k):
    rows = isotropic_rows(count, dim, np.random.default_rng(seed))
    expected = np.zeros(count, int)
    for i, x in enumerate(rows.astype(np.float64)):
        others = [j for j in range(count) if j != i]
        others.sort(key=lambda j: -float(x @ rows[j].astype(np.float64)))
        expected[others[:k]] += 1
    steps = []
    assert k_occurrences(rows, k, steps.append).tolist() == expected.tolist()
    assert sum(steps) == count


def test_the_size_of_blocks_does_not_matter(monkeypatch):
    rows = isotropic_rows(100, 8, np.random.default_rng(0))
    whole = k_occurrences(rows, 5)
    monkeypatch.setattr(blocks, "BLOCK", 7)
    assert k_occurrences(rows, 5).tolist() == whole.tolist()
    assert whole.sum() == 500


def test_independent_chunks_have_hubs_in_many_dimensions_and_few_in_few():
    """A cube seen from its corner: near its diagonal, which many dimensions favour, are hubs."""
    rng = np.random.default_rng(0)
    low, high = (
        skewness(k_occurrences(unit(rng.random((1500, dim), dtype=np.float32)), 10))
        for dim in (3, 300)
    )
    assert abs(low) < 0.4
    assert high > 1.5


def test_the_sphere_has_no_hubs_in_any_dimension():
    rng = np.random.default_rng(0)
    for dim in (2, 30, 300):
        assert abs(skewness(k_occurrences(isotropic_rows(1000, dim, rng), 10))) < 0.6


def test_one_centre_is_everyones_neighbour():
    rows = np.vstack([np.eye(12), np.full((1, 12), 12**-0.5)]).astype(np.float32)
    counts = k_occurrences(rows, 1)
    assert counts[12] == 12
    assert counts.sum() == 13


def test_fewer_chunks_than_neighbours():
    rows = isotropic_rows(4, 2, np.random.default_rng(0))
    assert k_occurrences(rows, 10).tolist() == [3, 3, 3, 3]
    assert k_occurrences(rows[:1], 10).tolist() == [0]


def test_skewness_by_hand():
    # Mean 1, deviations −1, −1, −1, 3: variance 3, third moment 6.
    assert skewness(np.array([0, 0, 0, 4])) == pytest.approx(6 / 3**1.5)
    assert skewness(np.array([5, 5])) == 0
    assert skewness_terms(np.array([5, 5])).tolist() == [0, 0]


def test_the_terms_mean_is_the_skewness_and_their_spread_its_error():
    rng = np.random.default_rng(2)
    counts = rng.gamma(9.0, 1.0, 40_000)  # of few outliers: skewness 2/√9
    assert skewness_terms(counts).mean() == pytest.approx(skewness(counts))
    assert skewness(counts) == pytest.approx(2 / 3, abs=0.05)
    draws = [skewness(rng.gamma(9.0, 1.0, 2000)) for _ in range(400)]
    error = skewness_terms(counts).std() / 2000**0.5
    assert np.std(draws) == pytest.approx(error, rel=0.15)


def test_the_terms_are_what_one_more_of_a_chunk_would_do():
    counts = np.random.default_rng(0).poisson(3, 40)

    def weighted(weights: np.ndarray) -> float:
        away = counts - weights @ counts
        return float(weights @ away**3 / (weights @ away**2) ** 1.5)

    even, step = np.full(40, 1 / 40), 1e-7
    for chunk, term in enumerate(skewness_terms(counts)):
        more = (1 - step) * even + step * (np.arange(40) == chunk)
        slope = (weighted(more) - weighted(even)) / step
        assert term - skewness(counts) == pytest.approx(slope, abs=1e-5)

"""Retrieval figures from ranks, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvmctl.evaluation.statistics.ranking import (
    chance,
    per_window,
    rank_curve,
    rank_index,
    retrieval,
)

NAMES = ["r@1", "r@5", "r@10", "mrr", "mrr@10"]

pools = st.lists(st.integers(1, 60), min_size=1, max_size=30)


def test_figures_by_hand():
    ranks = np.array([1, 1.5, 5, 5.5, 10, 10.5, 40])
    sizes = np.array([3, 4, 5, 6, 10, 20, 50])
    harmonic = {n: sum(1 / i for i in range(1, n + 1)) for n in sizes.tolist()}
    assert retrieval(ranks, sizes) == pytest.approx(
        {
            "r@1": 1 / 7,
            "r@5": 3 / 7,
            "r@10": 5 / 7,
            "mrr": (1 + 1 / 1.5 + 1 / 5 + 1 / 5.5 + 1 / 10 + 1 / 10.5 + 1 / 40) / 7,
            "mrr@10": (1 + 1 / 1.5 + 1 / 5 + 1 / 5.5 + 1 / 10) / 7,
            "chance_r@1": (1 / 3 + 1 / 4 + 1 / 5 + 1 / 6 + 1 / 10 + 1 / 20 + 1 / 50) / 7,
            "chance_r@5": (1 + 1 + 1 + 5 / 6 + 5 / 10 + 5 / 20 + 5 / 50) / 7,
            "chance_r@10": (1 + 1 + 1 + 1 + 1 + 10 / 20 + 10 / 50) / 7,
            "chance_mrr": sum(harmonic[n] / n for n in harmonic) / 7,
            "chance_mrr@10": sum(harmonic[min(n, 10)] / n for n in harmonic) / 7,
            "amri": 1 - 66.5 / (91 / 2),
            "pool_mean": 98 / 7,
            "windows": 7,
        }
    )


def test_no_window_no_figure():
    assert retrieval(np.array([]), np.array([])) == {"windows": 0}


def test_figures_before_they_are_averaged():
    metrics = per_window(np.array([1, 10.5]), np.array([4, 20]))
    assert {name: values.tolist() for name, values in metrics.items()} == {
        "r@1": [1, 0],
        "r@5": [1, 0],
        "r@10": [1, 0],
        "mrr": [1, 1 / 10.5],
        "mrr@10": [1, 0],
    }


@given(pools)
def test_chance_is_the_mean_of_all_ranks(sizes):
    expected = chance(np.array(sizes))
    assert list(expected) == NAMES
    for i, size in enumerate(sizes):
        ranks = np.arange(1, size + 1)
        for name, values in per_window(ranks, np.full(size, size)).items():
            assert expected[name][i] == pytest.approx(values.mean(), rel=1e-12)


def test_chance_in_large_pools():
    sizes = np.array([600_000, 1, 600_000])
    expected = chance(sizes)
    harmonic = math.log(600_000) + 0.5772156649015329 + 1 / 1_200_000
    assert expected["mrr"] == pytest.approx([harmonic / 600_000, 1, harmonic / 600_000], rel=1e-12)
    assert expected["mrr@10"][0] == pytest.approx(7381 / 2520 / 600_000)
    assert expected["r@10"].tolist() == [10 / 600_000, 1, 10 / 600_000]


@given(pools, st.integers(0, 2**32))
def test_a_rank_index_of_0_is_chance_and_1_is_perfect(sizes, seed):
    sizes = np.array(sizes)
    middle = (sizes + 1) / 2
    ends = [retrieval(ranks, sizes) for ranks in (np.ones(len(sizes)), middle, sizes)]
    if (sizes == 1).all():
        assert not any("amri" in figures for figures in ends)
        return
    assert [figures["amri"] for figures in ends] == pytest.approx([1, 0, -1])
    ranks = np.random.default_rng(seed).integers(1, sizes + 1)
    values, denominators = rank_index(ranks, sizes)
    assert (abs(values) <= denominators).all()
    expected = 1 - (ranks - 1).mean() / ((sizes - 1) / 2).mean()
    assert values.sum() / denominators.sum() == pytest.approx(expected)
    assert retrieval(ranks, sizes)["amri"] == pytest.approx(expected)


def test_ties_keep_the_rank_index_at_chance_but_not_the_others():
    # Scores that are all alike: every candidate but the target ties.
    sizes = np.full(40, 4)
    metrics = retrieval((sizes + 1) / 2, sizes)
    assert metrics["amri"] == 0
    assert metrics["r@1"] < metrics["chance_r@1"]
    assert metrics["mrr"] < metrics["chance_mrr"]


@given(pools, st.integers(0, 2**32))
def test_the_rank_curve_goes_through_the_figures(sizes, seed):
    sizes = np.array(sizes)
    ranks = 1 + np.random.default_rng(seed).integers(0, 2 * sizes - 1) / 2
    curve, by_chance = rank_curve(ranks, sizes, [1, 5, 10, 60])
    figures = retrieval(ranks, sizes)
    assert curve.tolist() == pytest.approx([*(figures[f"r@{k}"] for k in (1, 5, 10)), 1])
    expected = [*(figures[f"chance_r@{k}"] for k in (1, 5, 10)), 1]
    assert by_chance.tolist() == pytest.approx(expected)

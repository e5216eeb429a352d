"""Retrieval figures from ranks, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvmctl.metrics.ranking import retrieval


def test_figures_by_hand():
    ranks = np.array([1, 1.5, 5, 5.5, 10, 10.5, 40])
    sizes = np.array([3, 4, 5, 6, 10, 20, 50])
    assert retrieval(ranks, sizes) == pytest.approx(
        {
            "r@1": 1 / 7,
            "r@5": 3 / 7,
            "r@10": 5 / 7,
            "mrr": (1 + 1 / 1.5 + 1 / 5 + 1 / 5.5 + 1 / 10 + 1 / 10.5 + 1 / 40) / 7,
            "mrr@10": (1 + 1 / 1.5 + 1 / 5 + 1 / 5.5 + 1 / 10) / 7,
            "chance_r@5": (1 + 1 + 1 + 5 / 6 + 5 / 10 + 5 / 20 + 5 / 50) / 7,
            "pool_mean": 98 / 7,
            "windows": 7,
        }
    )


def test_no_window_no_figure():
    assert retrieval(np.array([]), np.array([])) == {"windows": 0}


@given(st.lists(st.integers(1, 60), min_size=1, max_size=30))
def test_chance_is_what_random_ranks_reach(sizes):
    # One window for every rank its pool allows: all ranks equally often.
    ranks = np.concatenate([np.arange(1, size + 1.0) for size in sizes])
    repeated = np.repeat(sizes, sizes)
    weights = 1 / repeated
    found = retrieval(np.array(ranks), repeated)
    assert found["r@1"] <= found["r@5"] <= found["r@10"] <= 1
    assert 0 < found["mrr@10"] <= found["mrr"] <= 1
    chance = ((ranks <= 5) * weights).sum() / len(sizes)
    expected = retrieval(np.ones(len(sizes)), np.array(sizes))["chance_r@5"]
    assert expected == pytest.approx(chance)

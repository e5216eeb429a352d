"""Parts of the counting; that it counts right is tested with the ranks (test_global_ranks)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from lvmctl.evaluation.retrieval import counting, products
from lvmctl.evaluation.retrieval.blocks import rounding
from lvmctl.evaluation.retrieval.products import Bfloat16, Float32
from lvmctl.evaluation.retrieval.ties import TIE


@pytest.mark.parametrize("ways", [(Float32,), (Bfloat16, Float32)])
def test_what_may_tie_is_computed_again(monkeypatch, ways):
    # docs/methods.md#ranks: the target itself, a tie, and two that float32 cannot tell from one.
    rows = np.array([[1, 0], [1, 5e-7], [1, 1.5e-6], [1, -1.5e-6], [1, 3e-6]], np.float32)
    assert TIE < 1.5e-6 < TIE + rounding(2)
    monkeypatch.setattr(counting, "fastest_first", lambda dim: ways)
    monkeypatch.setattr(products, "MAX_SHARE", 1)
    again = []
    signs = counting.Counter.signs
    monkeypatch.setattr(
        counting.Counter, "signs", lambda self, w, r, n: again.extend(r) or signs(self, w, r, n)
    )
    q = np.array([[0, 1]], np.float32)
    with ThreadPoolExecutor(1) as pool:
        counter = counting.Counter(rows, np.array([0]), q, pool)
        counter.add(np.arange(5))
        assert again == [0, 1, 2, 3]
        assert counter.balance.tolist() == [1]
        counter.subtract(np.array([4]))
        assert counter.balance.tolist() == [0]
        counter.subtract(np.array([1]))
    assert counter.balance.tolist() == [0]


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_scores_of_rows_as_stored(dtype):
    rng = np.random.default_rng(0)
    stored = (3 * rng.standard_normal((5, 7))).astype(dtype)
    norm = counting.norms(stored)
    assert norm == pytest.approx(np.linalg.norm(stored.astype(np.float64), axis=1), rel=1e-14)
    unit = counting.scaled(stored, norm)
    assert unit.dtype == np.float32
    assert np.linalg.norm(unit, axis=1) == pytest.approx(1, abs=1e-6)

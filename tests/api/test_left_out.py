"""Candidates that are left out of a ranking."""

from __future__ import annotations

import numpy as np
import pytest

import lvmctl


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("top", [2, None])
def test_candidates_that_are_left_out(p8_run, ranker_run, own, top):
    """They are ranked as if they were not there."""
    rng = np.random.default_rng(0)
    for run in (p8_run, ranker_run):
        model = lvmctl.load(run)
        rows = rng.standard_normal((13, 16)).astype(np.float32)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        contexts, pool = np.stack([rows[:5], rows[1:6]]), rows[3:]
        without = np.array([[0, 4], [2, 9]])
        every = np.stack([pool, pool]) if own else pool
        ranking = model.rank(contexts, every, top, without)
        for row, left_out in enumerate(without):
            kept = np.setdiff1d(np.arange(10), left_out)
            alone = model.rank(contexts[row], pool[kept], top)
            assert ranking.indices[row].tolist() == kept[alone.indices].tolist()
            assert np.allclose(ranking.scores[row], alone.scores, atol=1e-5)

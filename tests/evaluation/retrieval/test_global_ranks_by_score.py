"""Global ranks of a ranker: what its own scores say, ties and all."""

from __future__ import annotations

from unittest.mock import patch

import numpy as np
import pytest
import torch
from evaluation.cases import global_cases, unit, unit_rows
from hypothesis import given, settings
from hypothesis import strategies as st

from lvmctl import Pool
from lvmctl.data import Windows
from lvmctl.evaluation.retrieval import global_ranks as module
from lvmctl.evaluation.retrieval.global_ranks import global_ranks, global_ranks_by_score


def cosine(context: torch.Tensor, pool: Pool) -> torch.Tensor:
    return context[:, -1] @ pool.vectors.T


@settings(max_examples=50)
@given(global_cases(), st.integers(1, 60))
def test_a_ranker_counts_what_its_scores_say(split_of, case, scores):
    vectors, lengths, order, k, h, rng = case
    split = split_of(vectors, lengths).take(order)
    windows = Windows(split, k, h)
    index = np.arange(len(windows))[rng.random(len(windows)) < 0.7]
    count = split.chunks
    # Few levels, so that many tie; a score of every kind.
    levels = np.array([-np.inf, -1, 0, 0.5, 1, np.inf, np.nan])
    given_scores = levels[rng.integers(0, len(levels), (len(index), count))]
    places = [(a, p) for a, length in enumerate(split.lengths) for p in range(length)]
    done = 0

    def score(context: torch.Tensor, pool: Pool) -> torch.Tensor:
        nonlocal done
        part = slice(done, done + len(context))
        done = part.stop
        assert len(context) * count <= max(scores, count)
        assert np.array_equal(context.numpy(), windows.context(index[part]))
        rows = [split.starts[a] + p for a, p in places]
        assert np.allclose(pool.vectors.numpy(), unit(np.float64(split.vectors[rows])), atol=1e-6)
        for i, candidates in zip(index[part], pool.candidates):
            left_out = [places[j] for j in (~candidates).nonzero()[:, 0]]
            first = windows.position[i]
            assert left_out == [(windows.article[i], p) for p in range(first, first + k)]
        return torch.from_numpy(given_scores[part])

    with patch.object(module, "SCORES", scores):
        ranks, sizes = global_ranks_by_score(windows, index, score)
    assert done == len(index)
    assert sizes.tolist() == [count - k] * len(index)
    for i, own_scores, rank in zip(index, given_scores.tolist(), ranks):
        article, first = windows.article[i], windows.position[i]
        target = places.index((article, first + windows.target_offset))
        better = ties = 0
        for j, (a, p) in enumerate(places):
            if j != target and not (a == article and first <= p < first + k):
                better += own_scores[j] > own_scores[target]
                ties += own_scores[j] == own_scores[target]
        lost = np.isnan(own_scores[target])
        assert rank == (count - k if lost else 1 + better + ties / 2)


def test_a_ranker_by_cosine_ranks_as_its_prediction_does(split_of):
    rng = np.random.default_rng(2)
    windows = Windows(split_of(unit_rows(rng, 60, 8), [40, 20]), 3, 2)
    index = np.arange(1, len(windows), 2)
    wanted, _ = global_ranks(windows, index, windows.context(index)[:, -1])
    ranks, _ = global_ranks_by_score(windows, index, cosine)
    assert ranks.tolist() == wanted.tolist()


@pytest.mark.parametrize("shape", ["(3, 19)", "(20,)", "(20, 3)"])
def test_scores_of_another_shape_are_refused(split_of, shape):
    rng = np.random.default_rng(0)
    windows = Windows(split_of(unit_rows(rng, 20, 4), [20]), 2, 1)
    given_shape = eval(shape)
    with pytest.raises(ValueError) as caught:
        global_ranks_by_score(windows, np.arange(3), lambda *_: torch.zeros(given_shape))
    assert str(caught.value) == f"score returned {shape}, not (3, 20)"


def test_no_window(split_of):
    rng = np.random.default_rng(0)
    windows = Windows(split_of(unit_rows(rng, 20, 4), [20]), 2, 1)
    none = np.arange(0)
    for pair in (
        global_ranks(windows, none, np.empty((0, 4), np.float32)),
        global_ranks_by_score(windows, none, cosine),
    ):
        assert [len(part) for part in pair] == [0, 0]

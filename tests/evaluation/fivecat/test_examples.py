from __future__ import annotations

import numpy as np
import pytest
import torch

from lvmctl.data import Windows
from lvmctl.evaluation.fivecat.examples import examples, spaced
from lvmctl.evaluation.measure import Protocol, measure
from lvmctl.evaluation.predictors import Predictor

PROTOCOL = Protocol(everywhere=False, min_article=8)


def examples_of(split_of, score=None):
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((40, 6)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    windows = Windows(split_of(vectors, [16, 24]), 2, 1)
    predictor = Predictor("made", lambda context: context[:, -1], "run", score)
    q = predictor(windows)
    return windows, q, measure(windows, predictor, PROTOCOL, q)


@pytest.mark.parametrize("by_score", [False, True])
def test_examples_are_what_their_ranks_say(split_of, by_score):
    def far(context, pool):
        return -context[:, -1] @ pool.vectors.T

    windows, q, record = examples_of(split_of, far if by_score else None)
    made = examples(windows, record, q)
    ranked = record.ranks["in_article.filtered"]
    assert made["hits"]["count"] == (ranked.ranks == 1).sum() > 0
    assert made["misses"]["count"] == (ranked.ranks > ranked.sizes / 2).sum() > 3
    assert len(made["misses"]["shown"]) == 3
    for kind, entry in made.items():
        for window in entry["shown"]:
            (row,) = np.flatnonzero(windows.rows + 1 == window["last"])
            assert window["target"] == window["last"] + 1
            assert (window["first"] == window["target"]) == (kind == "hits")
            inside = np.arange(16) if window["article"] == "0" else np.arange(16, 40)
            pool = inside[(inside < windows.rows[row]) | (inside > window["last"])]
            scores = windows.chunks(pool) @ q[row] * (-1 if by_score else 1)
            assert window["first"] == pool[scores.argmax()]
            assert window["rank"] == 1 + (scores > scores[pool == window["target"]]).sum()
            assert window["pool"] == len(pool)


def test_what_is_no_number_is_ranked_last_and_breaks_nothing(split_of):
    windows, q, _ = examples_of(split_of)
    q[:] = np.nan
    predictor = Predictor("made", lambda context: torch.full_like(context[:, 0], torch.nan), "run")
    made = examples(windows, measure(windows, predictor, PROTOCOL, q), q)
    assert made["hits"]["count"] == 0
    assert len(made["misses"]["shown"]) == 3


def test_the_only_candidate_is_neither_hit_nor_miss(split_of):
    rng = np.random.default_rng(1)
    windows = Windows(split_of(rng.standard_normal((15, 4)).astype(np.float32), [3] * 5), 2, 1)
    predictor = Predictor("made", lambda context: context[:, -1], "run")
    q = predictor(windows)
    metrics = measure(windows, predictor, Protocol(everywhere=False, min_article=3), q)
    assert metrics.ranks["in_article.filtered"].sizes.tolist() == [1] * 5
    nothing = {"count": 0, "shown": []}
    assert examples(windows, metrics, q) == {"hits": nothing, "misses": nothing}


@pytest.mark.parametrize(
    ("count", "wanted"), [(0, []), (2, [0, 1]), (3, [0, 1, 2]), (6, [1, 3, 5]), (90, [15, 45, 75])]
)
def test_they_are_evenly_spaced(count, wanted):
    assert spaced(np.arange(count)).tolist() == wanted

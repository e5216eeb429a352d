"""A case small enough for a hand: chunks on a circle, so that cosines are those of angles."""

from __future__ import annotations

import math

import numpy as np
import pytest
from evaluation.means import mean_metrics

from lvmctl.data import Windows
from lvmctl.evaluation.retrieval.ranks import in_article_ranks

ANGLES = [[0, 30, 50, 35, 100], [200, 230, 290, 290]]
K = 2

# direct predicts the angle of the last chunk. Per window: rank and pool size.
RANKS = {
    "filtered": [(2, 3), (1, 3), (3, 3), (1.5, 2), (1, 2)],
    "future": [(2, 3), (1, 2), (1, 1), (1.5, 2), (1, 1)],
    "unfiltered": [(3, 5), (2, 5), (5, 5), (3.5, 4), (1.5, 4)],
}
# Degrees from the last chunk to the target, to the chunk before it, and to x_{s-1}.
NEXT, SECOND_LAST, UNSEEN = [20, 15, 65, 60, 0], [30, 20, 15, 30, 60], [50, 5, 90]
SEEN_NEXT = [15, 65, 0]


def cos(degrees):
    return np.cos(np.radians(degrees))


@pytest.fixture
def chunks():
    return [[(math.cos(a), math.sin(a)) for a in np.radians(article)] for article in ANGLES]


def test_the_reference_ranks_as_a_hand_does(reference, chunks):
    windows = reference.all_windows(chunks, K, 1)
    q = [reference.context_of(chunks, window)[-1] for window in windows]
    for pool, expected in RANKS.items():
        assert [reference.rank(chunks, w, p, pool) for w, p in zip(windows, q)] == expected


def test_the_fast_code_ranks_as_a_hand_does(split_of, chunks):
    windows = Windows(split_of(np.vstack(chunks).astype(np.float32), [5, 4]), K, 1)
    q = windows.context(np.arange(len(windows)))[:, -1]
    ranks = in_article_ranks(windows, np.arange(len(windows)), q)
    for pool, expected in RANKS.items():
        assert [*zip(*(part.tolist() for part in ranks[pool]))] == expected


@pytest.mark.parametrize("code", ["reference", "fast"])
def test_means_are_what_a_hand_finds(reference, split_of, chunks, code):
    if code == "reference":
        windows = reference.all_windows(chunks, K, 1)
        q = [reference.context_of(chunks, window)[-1] for window in windows]
        metrics = reference.figures(chunks, windows, 1, q, min_article=5)
    else:
        windows = Windows(split_of(np.vstack(chunks).astype(np.float32), [5, 4]), K, 1)
        q = windows.context(np.arange(len(windows)))[:, -1]
        metrics = mean_metrics(windows, q, min_article=5)
    previous = {
        "last": 1.0,
        "second_last": cos(SECOND_LAST).mean(),
        "unseen": cos(UNSEEN).mean(),
    }
    assert metrics["cos_next"] == pytest.approx(cos(NEXT).mean(), abs=1e-6)
    assert metrics["cos_anchor"] == pytest.approx(cos(np.divide(SECOND_LAST, 2)).mean(), abs=1e-6)
    assert metrics["cos_prev"] == pytest.approx(previous, abs=1e-6)
    assert metrics["margin"] == pytest.approx(
        {
            "last": cos(NEXT).mean() - 1,
            "second_last": cos(NEXT).mean() - previous["second_last"],
            "unseen": (cos(SEEN_NEXT) - cos(UNSEEN)).mean(),  # of the windows that have one
        },
        abs=1e-6,
    )
    # Only the article of five chunks counts: ranks 2, 1 and 3 among 3.
    assert metrics["in_article"]["filtered"] == pytest.approx(
        {
            "r@1": 1 / 3,
            "r@5": 1.0,
            "r@10": 1.0,
            "mrr": (1 / 2 + 1 + 1 / 3) / 3,
            "mrr@10": (1 / 2 + 1 + 1 / 3) / 3,
            "chance_r@1": 1 / 3,
            "chance_r@5": 1.0,
            "chance_r@10": 1.0,
            "chance_mrr": (1 + 1 / 2 + 1 / 3) / 3,
            "chance_mrr@10": (1 + 1 / 2 + 1 / 3) / 3,
            "amri": 0.0,  # mean rank 2 of 3
            "pool_mean": 3.0,
            "windows": 3,
        }
    )

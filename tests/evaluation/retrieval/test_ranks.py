"""Ranks and figures of the fast code against the slow reference on stores of every odd kind."""

from __future__ import annotations

from operator import eq, gt

import numpy as np
import pytest
import torch
from evaluation.cases import articles_of, stores, unit_rows, write_separate
from evaluation.means import mean_metrics
from hypothesis import given, settings
from hypothesis import strategies as st

from lvmctl.data import Windows, open_split
from lvmctl.evaluation.retrieval import ranks as module
from lvmctl.evaluation.retrieval.ranks import (
    POOLS,
    in_article_ranks,
    in_article_ranks_by_score,
)


def agree(metrics: dict, wanted: dict, path: str = "") -> None:
    """Every figure the fast code gives is the reference's, and none of its own is missing."""
    assert metrics.keys() >= wanted.keys() - {"global"}, path
    for key, value in metrics.items():
        if isinstance(value, dict):
            agree(value, wanted[key], f"{path}{key}/")
        else:
            assert value == pytest.approx(wanted[key], rel=0, abs=1e-6), path + key


def compare(reference, windows: Windows, places: list, q: np.ndarray, min_article: int) -> None:
    """Figures and ranks of predictions ``q`` are those of the reference.

    ``places`` are the reference's windows, in the order of ``windows``.
    """
    split = windows.split
    articles = articles_of(split)
    assert [(p.article, p.first) for p in places] == [*zip(windows.article, windows.position)]
    exact = [row.tolist() for row in q.astype(np.float64)]
    wanted = reference.figures(articles, places, windows.horizon, exact, min_article)
    agree(mean_metrics(windows, q, min_article=min_article), wanted)
    for pool, (ranks, sizes) in in_article_ranks(windows, np.arange(len(q)), q).items():
        expected = [reference.rank(articles, place, p, pool) for place, p in zip(places, exact)]
        assert [*zip(ranks, sizes)] == expected


@settings(max_examples=100)
@given(stores(), st.integers(2, 8), st.sampled_from(["direct", "first", "random"]))
def test_fast_and_slow_agree(reference, split_of, store, min_article, predictor):
    vectors, lengths, k, h, rng = store
    windows = Windows(split_of(vectors, lengths), k, h)
    context = windows.context(np.arange(len(windows)))
    q = {
        "direct": context[:, -1],
        "first": context[:, 0],
        "random": unit_rows(rng, len(windows), vectors.shape[1]),
    }[predictor]
    articles = [[None] * length for length in lengths]
    compare(reference, windows, reference.all_windows(articles, k, h), q, min_article)


LEVELS = np.array([-np.inf, -1, 0, 0.5, 1, np.inf, np.nan])
"""Few scores, so that many tie; one of every kind."""


def levels(chunks: np.ndarray) -> np.ndarray:
    """A score of each chunk (n, D), by the last bits of its first number."""
    return LEVELS[np.ascontiguousarray(chunks[:, 0]).view(np.int32) % len(LEVELS)]


@given(stores())
def test_a_ranker_counts_what_its_scores_say(split_of, store):
    vectors, lengths, k, h, rng = store
    windows = Windows(split_of(vectors, lengths), k, h)
    index = np.arange(len(windows))[rng.random(len(windows)) < 0.7]

    def score(context, pool):
        return torch.from_numpy(levels(pool.vectors.numpy())).expand(len(context), -1)

    by_pool = in_article_ranks_by_score(windows, index, score)
    for place, i in enumerate(index):
        article, first = windows.article[i], windows.position[i]
        low, length = windows.split.starts[article], lengths[article]
        scores = levels(windows.split.unit_rows(low, low + length)).tolist()
        target = scores[first + k - 1 + h]
        inside = {
            "filtered": [p for p in range(length) if not first <= p < first + k],
            "future": [*range(first + k, length)],
            "unfiltered": [*range(length)],
        }
        for pool, candidates in inside.items():
            others = [scores[p] for p in candidates if p != first + k - 1 + h]
            better, ties = (sum(f(s, target) for s in others) for f in (gt, eq))
            rank = 1 + better + ties / 2
            ranks, sizes = by_pool[pool]
            assert sizes[place] == len(candidates)
            # A target whose score is no number is the last.
            assert ranks[place] == (len(candidates) if np.isnan(target) else rank)


def test_scores_that_float32_cannot_tell_apart(reference, split_of):
    # Neighbours of the target that differ from it in the last bit of some coordinates.
    rng = np.random.default_rng(3)
    rows = np.repeat(unit_rows(rng, 1, 48), 40, axis=0)
    flips = rng.integers(-1, 2, rows.shape).astype(np.float32)
    vectors = rows + flips * np.spacing(rows)
    vectors[:2] = unit_rows(rng, 2, 48)
    windows = Windows(split_of(vectors, [40]), 2, 1)
    q = unit_rows(rng, len(windows), 48)
    places = reference.all_windows([[None] * 40], 2, 1)
    compare(reference, windows, places, q, 2)


@pytest.mark.parametrize("k", [4, 2, 1])
def test_separate_windows(reference, tmp_path, k):
    # A store of 4 chunks and a target 2 ahead; shorter contexts keep the newest chunks.
    rng = np.random.default_rng(0)
    vectors = unit_rows(rng, 15, 6)
    vectors[12] = vectors[14]
    windows = Windows(open_split(write_separate(tmp_path, vectors)), k, 2)
    places = [reference.Window(article, 4 - k, k, 4) for article in range(3)]
    q = unit_rows(rng, 3, 6)
    compare(reference, windows, places, q, min_article=5)
    metrics = mean_metrics(windows, q)  # no article of 20 chunks
    assert metrics["in_article"] == {pool: {"windows": 0} for pool in POOLS}
    assert ("unseen" in metrics["margin"]) is (k <= 2)
    assert ("second_last" in metrics["margin"]) is (k >= 2)


def test_a_long_article_is_compared_piece_by_piece(split_of, monkeypatch):
    rng = np.random.default_rng(6)
    vectors = unit_rows(rng, 30, 5)[rng.integers(0, 30, 68)]  # many of which are equal
    windows = Windows(split_of(vectors, [61, 7]), 3, 2)
    index, q = np.arange(len(windows)), unit_rows(rng, len(windows), 5)
    held = []

    def score(context, pool):
        held.append(context.shape[0] * pool.vectors.shape[0])
        return context[:, -1] @ pool.vectors.T

    def ranked():
        by_cosine = in_article_ranks(windows, index, q)
        by_score = in_article_ranks_by_score(windows, index, score)
        return [pair for by_pool in (by_cosine, by_score) for pair in by_pool.values()]

    whole = ranked()
    for name, value in {"WINDOWS": 5, "CHUNKS": 7, "PAIRS": 3, "SCORES": 200}.items():
        monkeypatch.setattr(module, name, value)
    assert max(held) > 61 * 50
    held.clear()
    assert all(np.array_equal(pair, other) for pair, other in zip(whole, ranked()))
    assert max(held) <= 200 + 61


def test_articles_need_not_lie_in_order(reference, split_of):
    rng = np.random.default_rng(5)
    split = split_of(unit_rows(rng, 22, 5), [6, 9, 7]).take(np.array([2, 0]))
    windows = Windows(split, 3, 1)
    places = reference.all_windows([[None] * 7, [None] * 6], 3, 1)
    compare(reference, windows, places, unit_rows(rng, len(windows), 5), 7)


def test_progress_moves_inside_a_long_article(split_of, monkeypatch):
    rng = np.random.default_rng(1)
    windows = Windows(split_of(unit_rows(rng, 47, 6), [7, 40]), 4, 1)
    q, steps = unit_rows(rng, len(windows), 6), []
    monkeypatch.setattr(module, "WINDOWS", 10)
    in_article_ranks(windows, np.arange(len(windows)), q, ("filtered",), steps.append)
    assert steps == [3, 10, 10, 10, 6]


def test_a_selection_of_windows_is_measured_alone(split_of):
    rng = np.random.default_rng(1)
    windows = Windows(split_of(unit_rows(rng, 60, 6), [25, 5, 30]), 4, 1)
    q = unit_rows(rng, len(windows), 6)
    index = np.array([0, 3, 20, 21, 30, 44])
    ranks, sizes = in_article_ranks(windows, np.arange(len(windows)), q)["filtered"]
    fast, found_sizes = in_article_ranks(windows, index, q[index], ("filtered",))["filtered"]
    assert fast.tolist() == ranks[index].tolist()
    assert found_sizes.tolist() == sizes[index].tolist()
    metrics = mean_metrics(windows, q, pools=("filtered",))
    assert metrics["in_article"].keys() == {"filtered"}
    long = np.isin(windows.article, [0, 2])  # the articles of at least 20 chunks
    assert metrics["in_article"]["filtered"]["mrr"] == pytest.approx((1 / ranks[long]).mean())


def test_a_prediction_that_is_not_a_number_is_no_success(split_of):
    rng = np.random.default_rng(4)
    windows = Windows(split_of(unit_rows(rng, 30, 6), [25, 5]), 3, 1)
    q = windows.target(np.arange(len(windows)))  # perfect, but for
    q[[2, 5]] = np.nan
    ranks, sizes = in_article_ranks(windows, np.arange(len(windows)), q)["filtered"]
    assert (ranks == np.where(np.isnan(q[:, 0]), sizes, 1)).all()
    metrics = mean_metrics(windows, q)
    for means in ({"": metrics["cos_next"]}, metrics["cos_prev"], metrics["margin"]):
        assert means
        assert np.isnan(list(means.values())).all()
    assert (
        mean_metrics(windows, np.full_like(q, np.nan))["margin"].keys() == metrics["margin"].keys()
    )


def test_windows_are_measured_block_by_block(split_of):
    # More windows than one block, and the last block is not full.
    rng = np.random.default_rng(2)
    windows = Windows(split_of(unit_rows(rng, 2600, 4), [1300, 1300]), 2, 3)
    q = unit_rows(rng, len(windows), 4)
    metrics = mean_metrics(windows, q, pools=())
    rows, seen = windows.rows, windows.position >= 3
    vectors = windows.split.vectors.astype(np.float64)
    following = (q * vectors[rows + 4]).sum(1)
    assert metrics["cos_next"] == pytest.approx(following.mean(), abs=1e-6)
    unseen = (q * vectors[rows - 3]).sum(1)[seen]
    assert metrics["cos_prev"]["unseen"] == pytest.approx(unseen.mean(), abs=1e-6)
    assert metrics["margin"]["unseen"] == pytest.approx((following[seen] - unseen).mean(), abs=1e-6)

"""5CAT C against a hand, the slow reference, and what each baseline can lose."""

from __future__ import annotations

import math
from unittest.mock import patch

import numpy as np
import pytest
import torch
from evaluation import fivecat_reference as slow
from evaluation.cases import articles_of, stores, unit_rows
from evaluation.fivecat.predictors import PREDICTORS
from evaluation.reference import all_windows, context_of, target_of
from hypothesis import given
from hypothesis import strategies as st

from lvmctl.data import Windows, open_split
from lvmctl.data.store.arrays import unit64
from lvmctl.evaluation.fivecat import ablations
from lvmctl.evaluation.fivecat.ablations import (
    ablation_metrics,
    foreign_rows,
    perturbed,
    shuffled_orders,
)
from lvmctl.evaluation.per_window import WindowMetric, WindowMetrics, rowwise
from lvmctl.evaluation.predictors import Predictor
from lvmctl.sphere import centroid

NAMES = ("shuffled", "reversed", "padded", "leave_one_out", "replaced")


def measured(windows: Windows, predictor: Predictor, **options) -> WindowMetrics:
    """Ablations, with the intact cosine of all windows."""
    every = np.arange(len(windows))
    cos_next = WindowMetric(rowwise(predictor(windows), windows.target(every)), every)
    return ablation_metrics(windows, predictor, cos_next, **options)


def test_a_hand_case():
    context = torch.arange(3.0).view(1, 3, 1)
    by_name: dict[str, list] = {}
    for name, changed in perturbed(context, np.array([[1, 2, 0]]), np.array([[9.0]], np.float32)):
        by_name.setdefault(name, []).append(changed.flatten().tolist())
    assert by_name == {
        "shuffled": [[1, 2, 0]],
        "reversed": [[2, 1, 0]],
        "padded": [[2, 2, 2]],
        "leave_one_out": [[1, 1, 2], [0, 0, 2], [0, 0, 1]],
        "replaced": [[0, 1, 9]],
    }
    assert context.flatten().tolist() == [0, 1, 2]


@given(stores(), st.sampled_from(sorted(PREDICTORS)), st.integers(0, 9))
def test_fast_and_slow_agree(split_of, store, name, seed):
    vectors, lengths, k, h, _ = store
    windows = Windows(split_of(vectors, lengths), k, h)
    metrics = measured(windows, PREDICTORS[name], seed=seed)
    absent = {"replaced"} if len(lengths) == 1 else set()
    absent |= set(NAMES) - {"replaced"} if k == 1 else set()
    assert list(metrics) == [f"ablations.{name}" for name in NAMES if name not in absent]

    articles, places = articles_of(windows.split), all_windows([[None] * n for n in lengths], k, h)
    predictor = slow.PREDICTORS[name]
    for kind in {"reversed", "padded", "leave_one_out"} - absent:
        agree(metrics[f"ablations.{kind}"], slow.ablation(articles, places, predictor, kind))
    # What is drawn is given to the reference.
    orders, foreign = shuffled_orders(windows, seed), foreign_rows(windows, seed)
    chunks = [chunk for article in articles for chunk in article]
    for kind in {"shuffled", "replaced"} - absent:
        wanted = {}
        for number, place in enumerate(places):
            context, target = context_of(articles, place), target_of(articles, place)
            if kind == "shuffled":
                changed = [context[i] for i in orders[number]]
            else:
                changed = [*context[:-1], chunks[foreign[number]]]
            wanted[number] = slow.change(predictor, context, target, [changed])
        agree(metrics[f"ablations.{kind}"], wanted)


def agree(column: WindowMetric, wanted: slow.WindowMetric) -> None:
    assert column.rows.tolist() == list(wanted)
    assert column.values == pytest.approx(list(wanted.values()), abs=1e-6)


def uniform(counts: np.ndarray, kinds: int) -> bool:
    """Whether counts of ``kinds`` equally likely outcomes are that (5 deviations of χ²)."""
    expected = counts.sum() / kinds
    excess = ((counts - expected) ** 2 / expected).sum() - (kinds - 1)
    return len(counts) == kinds and abs(excess) < 5 * math.sqrt(2 * kinds)


@pytest.mark.parametrize("k", [2, 3, 4])
def test_every_other_order_is_as_likely(split_of, k):
    windows = Windows(split_of(np.ones((3000, 1), np.float32), [3000]), k, 1)
    orders = shuffled_orders(windows, 0)
    assert (np.sort(orders, axis=1) == np.arange(k)).all()
    kinds, counts = np.unique(orders, axis=0, return_counts=True)
    assert np.arange(k).tolist() not in kinds.tolist()
    assert uniform(counts, math.factorial(k) - 1)
    assert not np.array_equal(orders, shuffled_orders(windows, 1)) or k == 2


def test_every_chunk_of_another_article_is_as_likely(split_of):
    # Articles in another order than their rows, and rows of an article that is not in the split.
    lengths = [5, 300, 4, 6]
    split = split_of(np.ones((315, 1), np.float32), lengths).take(np.array([3, 1, 0]))
    windows = Windows(split, 2, 1)
    foreign = foreign_rows(windows, 0)
    rows = {0: range(309, 315), 1: range(5, 305), 2: range(5)}
    for article, members in rows.items():
        drawn = foreign[windows.article == article]
        others = [row for other in rows if other != article for row in rows[other]]
        assert set(drawn) <= set(others) - set(members)
    drawn, counts = np.unique(foreign[windows.article == 1], return_counts=True)
    assert drawn.tolist() == [*range(5), *range(309, 315)]
    assert uniform(counts, 11)
    assert not np.array_equal(foreign, foreign_rows(windows, 1))


@pytest.fixture(scope="module")
def ar1():
    return Windows(open_split("synth:ar1?articles=150&chunks=20&dim=16&a=0.8&seed=3"), 4, 2)


def test_direct_loses_only_its_last_chunk(ar1):
    every = np.arange(len(ar1))
    context, target = ar1.context(every), ar1.target(every)
    metrics = measured(ar1, PREDICTORS["direct"])
    assert np.abs(metrics["ablations.padded"].values).max() < 1e-6
    lost = rowwise(context[:, -2], target) - rowwise(context[:, -1], target)
    assert metrics["ablations.leave_one_out"].values == pytest.approx(lost / 4, abs=1e-6)
    # Closed forms: a^h is lost, and what the chunk in its place says is won.
    a, h, k = 0.8, 2, 4
    lags = {
        "reversed": a ** (k - 1 + h),
        "leave_one_out": (3 * a**h + a ** (h + 1)) / 4,
        "replaced": 0,
        # Of the 23 other orders, 5 leave the last chunk in its place.
        "shuffled": (5 * a**h + 6 * (a ** (h + 1) + a ** (h + 2) + a ** (h + 3))) / 23,
    }
    for name, expected in lags.items():
        assert metrics[f"ablations.{name}"].mean() == pytest.approx(expected - a**h, abs=0.03)


def test_the_centroid_knows_no_order(ar1):
    every = np.arange(len(ar1))
    context, target = ar1.context(every), ar1.target(every)
    metrics = measured(ar1, PREDICTORS["centroid"])
    for name in ("shuffled", "reversed"):
        assert np.abs(metrics[f"ablations.{name}"].values).max() < 1e-6
    middle = centroid(torch.from_numpy(context)).numpy()
    expected = rowwise(context[:, -1], target) - rowwise(middle, target)
    assert metrics["ablations.padded"].values == pytest.approx(expected, abs=1e-6)


def test_batches_and_selections_change_nothing(ar1, monkeypatch):
    whole = measured(ar1, PREDICTORS["rising"], seed=5)
    index = np.array([0, 7, 8, 300, 1400, len(ar1) - 1])
    assert len(ar1) > ablations.BATCH
    monkeypatch.setattr(ablations, "BATCH", 4)
    part = measured(ar1, PREDICTORS["rising"], index=index, seed=5)
    assert list(part) == list(whole)
    for name, column in part.items():
        assert np.array_equal(column.rows, index)
        assert column.values == pytest.approx(whole[name].values[index], abs=1e-6)
    other = measured(ar1, PREDICTORS["rising"], index=index, seed=6)
    for name in ("shuffled", "replaced"):
        assert not np.allclose(part[f"ablations.{name}"].values, other[f"ablations.{name}"].values)


def test_an_oracle_is_shown_the_target(ar1):
    oracle = Predictor("oracle", lambda context, target: target, kind="oracle")
    every = np.arange(len(ar1))
    metrics = ablation_metrics(ar1, oracle, WindowMetric(np.ones(len(ar1)), every))
    for column in metrics.values():
        assert column.values == pytest.approx(np.zeros(len(ar1)), abs=1e-6)


def test_a_prediction_that_is_not_a_number_stays_visible(ar1):
    index = np.arange(5)
    bad = Predictor("bad", lambda context: context[:, -1] * torch.nan)
    metrics = measured(ar1, bad, index=index)
    assert all(np.isnan(column.values).all() for column in metrics.values())
    assert all(np.array_equal(column.rows, index) for column in metrics.values())


# ------------------------------------------------------------------ changes in ranks


def mrr10_of(windows: Windows, rank: np.ndarray) -> WindowMetric:
    return WindowMetric(np.where(rank <= 10, 1 / rank, 0.0), np.arange(len(windows)))


def slow_mrr10(articles: list, place, order: list[float]) -> float:
    """1/rank of the target in its article without the window, by ``order`` of the positions."""
    target_order = order[place.target]
    pool = [p for p in range(len(order)) if not place.first <= p < place.first + place.k]
    better = sum(order[p] > target_order for p in pool)
    ties = sum(order[p] == target_order for p in pool if p != place.target)
    rank = 1 + better + ties / 2
    return 1 / rank if rank <= 10 else 0.0


def variants(context: np.ndarray, name: str, order, foreign) -> list[np.ndarray]:
    """What a context (K, D) becomes, once or several times."""
    if name == "shuffled":
        return [context[order]]
    if name == "replaced":
        return [np.vstack([context[:-1], foreign])]
    return [np.array(each) for each in slow.perturbed(list(context), name)]


@given(stores(), st.sampled_from(["cosine", "score"]), st.integers(0, 9))
def test_changes_in_ranks_are_those_of_the_reference(split_of, store, way, seed):
    vectors, lengths, k, h, rng = store
    windows = Windows(split_of(vectors, lengths), k, h)
    score = None
    if way == "score":

        def score(context, pool):
            scores = (context[:, 0] + context[:, -1]).double() @ pool.vectors.double().T
            return scores.round(decimals=5)  # so that chunks that are equal tie

    first = Predictor("first", lambda context: context[:, 0], score=score)
    # Contexts and a score's pool are what a predictor is given; cosines are exact.
    stored = np.concatenate([windows.split.unit_rows(low, low + 1) for low in range(len(vectors))])
    exact = stored.astype(np.float64) if way == "score" else unit64(vectors)
    starts = np.cumsum(lengths) - lengths
    articles = [exact[low : low + n] for low, n in zip(starts, lengths)]
    places = all_windows([[None] * n for n in lengths], k, h)

    def mrr10(place, context) -> float:
        query = context[0] + context[-1] if way == "score" else context[0]
        scores = articles[place.article] @ query.astype(np.float64)
        return slow_mrr10(articles, place, scores.round(5 if way == "score" else 12).tolist())

    every = np.arange(len(windows))
    contexts = [stored[starts[p.article] + p.first :][:k] for p in places]
    intact = np.array([mrr10(place, context) for place, context in zip(places, contexts)])
    cos_next = WindowMetric(rowwise(first(windows), windows.target(every)), every)
    index = every[rng.random(len(every)) < 0.7]
    counted = every[rng.random(len(every)) < 0.7]  # windows of long articles
    ranked = WindowMetric(intact[counted], counted)
    with patch.object(ablations, "BATCH", 3):
        metrics = ablation_metrics(windows, first, cos_next, index, seed, ranked=ranked)
    plain = ablation_metrics(windows, first, cos_next, index, seed)
    assert {path: c for path, c in metrics.items() if "mrr" not in path}.keys() == plain.keys()
    rows = np.intersect1d(index, counted)
    orders, foreign = shuffled_orders(windows, seed), foreign_rows(windows, seed)
    for path in plain:
        name = path.removeprefix("ablations.")
        column = metrics[f"ablations.mrr@10.{name}"]
        assert np.array_equal(column.rows, rows)
        for row, value in zip(column.rows, column.values):
            place, context = places[row], contexts[row]
            order = None if orders is None else orders[row]
            other = None if foreign is None else stored[foreign[row]]
            changed = variants(context, name, order, other)
            wanted = np.mean([mrr10(place, each) for each in changed]) - intact[row]
            assert value == pytest.approx(wanted, abs=1e-9), name


def test_ranks_from_a_prediction_that_is_no_number_are_none(split_of):
    rng = np.random.default_rng(0)
    windows = Windows(split_of(unit_rows(rng, 24, 5), [12, 12]), 3, 1)
    lost = Predictor("lost", lambda context: context[:, 0] * torch.nan)
    every = np.arange(len(windows))
    column = WindowMetric(np.full(len(windows), 0.5), every)
    metrics = ablation_metrics(windows, lost, column, ranked=column)
    assert np.isnan(metrics["ablations.mrr@10.shuffled"].values).all()

"""The whole protocol against its slow reference, on stores that have every awkward case."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lvmctl.baselines.oracles import SpanOracle
from lvmctl.baselines.weightings import Centroid, Direct
from lvmctl.core.tree import leaves
from lvmctl.data import Windows
from lvmctl.evaluation.measure import Protocol, measure
from lvmctl.evaluation.per_window import difference
from lvmctl.evaluation.predictors import Predictor
from lvmctl.evaluation.statistics.intervals import Resampling
from lvmctl.evaluation.summary import summary
from lvmctl.registry.record import NoOptions
from lvmctl.registry.specs import Shape

DIM = 3
COUNTED = ("r@", "mrr", "amri", "windows", "pool_mean", "chance")

# Few directions, so that chunks repeat and tie; all in one half, so that no mean vanishes.
DIRECTIONS = np.abs(np.random.default_rng(0).standard_normal((8, DIM))).astype(np.float32)
stores = st.lists(st.lists(st.integers(0, 7), min_size=1, max_size=9), min_size=1, max_size=5)
shapes = st.sampled_from([(1, 1), (2, 1), (3, 1), (2, 2), (1, 3)])


def predictors(shape: Shape) -> dict[str, Predictor]:
    return {
        "direct": Predictor("direct", Direct(NoOptions(), shape)),
        "centroid": Predictor("centroid", Centroid(NoOptions(), shape)),
        "span-oracle": Predictor("span-oracle", SpanOracle(NoOptions(), shape), "oracle"),
    }


def flat(tree: dict) -> dict[str, float]:
    """The figures by path, without their intervals."""
    return {path: value for path, value in leaves(tree) if "ci" not in path.split(".")}


@given(stores, shapes, st.integers(2, 6))
@pytest.mark.parametrize("name", ["direct", "centroid"])
def test_every_figure_is_that_of_the_reference(reference, split_of, name, store, shape, least):
    k, h = shape
    vectors = DIRECTIONS[[row for article in store for row in article]]
    lengths = [len(article) for article in store]
    if max(lengths) < k + h:
        return
    split = split_of(vectors, lengths, unit=False)
    windows = Windows(split, k, h)
    metrics = measure(windows, predictors(Shape(DIM, k, h))[name], Protocol(min_article=least))
    articles = reference.read_articles(
        vectors.astype(np.float64), [0, *itertools.accumulate(lengths)]
    )
    every = reference.all_windows(articles, k, h)
    predicted = [
        reference.PREDICTORS[name](
            reference.context_of(articles, window), reference.target_of(articles, window)
        )
        for window in every
    ]
    expected = flat(reference.figures(articles, every, h, predicted, least))
    ours = flat(summary(windows, metrics, Resampling(len(lengths), resamples=10)))
    assert ours.keys() == expected.keys()
    for key, value in ours.items():
        if not key.split(".")[-1].startswith(COUNTED):
            assert value == pytest.approx(expected[key], rel=0, abs=2e-5), key
        elif name == "direct":  # elsewhere what ties exactly may not tie in float32
            assert value == pytest.approx(expected[key], rel=0, abs=1e-9), key


@pytest.fixture(scope="module")
def windows(split_of):
    rng = np.random.default_rng(3)
    vectors = rng.standard_normal((120, 6)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return Windows(split_of(vectors, [40, 30, 30, 20]), 3, 1)


def test_a_score_of_its_own_ranks_as_the_cosine_does(windows):
    direct = Direct(NoOptions(), Shape(6, 3))

    def score(context, pool):
        return (context[:, -1].double() @ pool.vectors.double().T).float()

    plain = measure(windows, Predictor("direct", direct), Protocol())
    scored = measure(windows, Predictor("direct", direct, score=score), Protocol())
    for pool, ranked in plain.ranks.items():
        assert np.array_equal(ranked.ranks, scored.ranks[pool].ranks), pool
        assert np.array_equal(ranked.sizes, scored.ranks[pool].sizes), pool


def test_a_ranker_sees_which_chunks_it_may_choose(windows):
    seen = {}

    def score(context, pool):
        seen.setdefault(tuple(pool.candidates.shape), pool.candidates.sum(dim=1))
        return pool.candidates.float().cumsum(dim=1).roll(1, dims=1)

    measure(
        windows,
        Predictor("odd", Direct(NoOptions(), Shape(6, 3)), score=score),
        Protocol(pools=("filtered",)),
    )
    inside = seen[(37, 40)]
    assert (inside == 37).all()
    assert (seen[(len(windows), 120)] == 117).all()


def test_a_target_without_a_score_is_last(windows):
    def score(context, pool):
        return torch.full(pool.candidates.shape, torch.nan)

    metrics = measure(windows, Predictor("lost", lambda c: c[:, -1], score=score), Protocol())
    for pool, ranked in metrics.ranks.items():
        assert np.array_equal(ranked.ranks, ranked.sizes), pool


def test_a_prediction_that_is_no_number_is_not_left_out(windows):
    lost = measure(windows, Predictor("lost", lambda c: c[:, -1] * torch.nan), Protocol())
    assert np.isnan(lost.metrics["cos_next"].mean())
    for pool, ranked in lost.ranks.items():
        assert np.array_equal(ranked.ranks, ranked.sizes), pool
    assert np.isnan(lost.metrics["in_article.filtered.r@5"].mean())


def test_five_cat_adds_its_columns_for_causal_predictors_only(windows):
    perturbed = np.arange(0, 40)
    protocol = Protocol(tests="ACDE", perturbed=perturbed)
    some = predictors(Shape(6, 3))
    direct, oracle = (measure(windows, some[name], protocol) for name in ("direct", "span-oracle"))
    assert {"offsets.accuracy", "coherence.low", "ablations.shuffled", "rollout.mean"} <= set(
        direct.metrics
    )
    assert {"offsets.accuracy", "coherence.low"} <= set(oracle.metrics)
    assert not any(path.startswith(("ablations", "rollout")) for path in oracle.metrics)
    assert np.array_equal(direct.metrics["ablations.shuffled"].rows, perturbed)
    assert set(direct.sweep) == set(range(-6, 4))


def test_a_difference_is_taken_where_both_are_counted(windows):
    some = predictors(Shape(6, 3))
    first, other = (measure(windows, some[name], Protocol()) for name in ("direct", "centroid"))
    path = "margin.unseen"
    gap = difference(first.metrics[path], other.metrics["cos_next"])
    assert np.array_equal(gap.rows, first.metrics[path].rows)
    assert np.allclose(
        gap.values, first.metrics[path].values - other.metrics["cos_next"].values[gap.rows]
    )

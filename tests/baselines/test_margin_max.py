"""The largest margin is another thing than a useful prediction (docs/methods.md#escape)."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lvmctl.baselines.margin_max import MarginMax
from lvmctl.baselines.options import RidgeOptions
from lvmctl.baselines.ridge import Ridge
from lvmctl.evaluation.per_window import cosine_metrics
from lvmctl.evaluation.predictors import Predictor, baselines, named
from lvmctl.evaluation.retrieval.ranks import in_article_ranks
from lvmctl.registry import load_registry
from lvmctl.registry.specs import Shape

DIM, K = 16, 3


def margins(predictors: list[Predictor], windows) -> dict[str, float]:
    return {
        predictor.name: cosine_metrics(windows, predictor(windows))["margin.last"].mean()
        for predictor in predictors
        if predictor.kind == "baseline"
    }


def in_the_first_five(predictor: Predictor, windows) -> tuple[float, float]:
    """R@5 among the chunks of the article outside the window, and chance."""
    ranks, sizes = in_article_ranks(
        windows, np.arange(len(windows)), predictor(windows), ("filtered",)
    )["filtered"]
    return (ranks <= 5).mean(), (5 / sizes).mean()


@pytest.mark.parametrize("source", ["ar1?a=0.9", "ar1?a=0.5", "topic?a=0.7&f=0.3"])
def test_the_largest_margin_retrieves_worse_than_chance(world, source):
    train, val = world(f"{source}&articles=240&chunks=25&dim={DIM}", K)
    predictors, _ = baselines(load_registry(), Shape(DIM, K), train)
    margin = margins(predictors, val)
    best = margin.pop("margin-max")
    assert best > 0.02
    assert best > max(margin.values()) + 0.02
    reached, chance = in_the_first_five(named(predictors, "margin-max"), val)
    assert reached < chance - 0.05
    assert in_the_first_five(named(predictors, "ridge"), val)[0] > chance + 0.1


@pytest.mark.parametrize(("theta", "retrieves"), [(120, True), (40, False)])
def test_where_movement_outruns_noise_it_may_still_retrieve(world, theta, retrieves):
    # a = .9 is above c_1 = cos θ: the target lies on the side of μ - x_last. At 40° the chunks
    # after it lie there even more.
    train, val = world(f"rotation?a=0.9&theta={theta}&articles=240&chunks=25&dim={DIM}", K)
    predictors, _ = baselines(load_registry(), Shape(DIM, K), train)
    margin, largest = margins(predictors, val), named(predictors, "margin-max")
    assert margin["margin-max"] == max(margin.values())
    assert cosine_metrics(val, largest(val))["cos_next"].mean() > 0.05
    reached, chance = in_the_first_five(largest, val)
    assert (reached > chance + 0.3) if retrieves else (reached < chance - 0.05)


def test_it_is_the_ridge_estimate_minus_the_last_chunk(world, arrays):
    train, val = world("topic?articles=30&chunks=14&dim=8&a=0.5", K)
    options, shape = RidgeOptions(penalties=(0.1,)), Shape(8, K)
    context, _ = arrays(val)
    estimate = Ridge(options, shape).fit(train).estimate(torch.from_numpy(context).float())
    expected = estimate.double().numpy() - context[:, -1]
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    q = MarginMax(options, shape).fit(train)(torch.from_numpy(context).float())
    assert q.numpy() == pytest.approx(expected, abs=1e-5)

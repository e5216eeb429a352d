"""Worlds whose every figure is known: the protocol must find it, within its sampling interval."""

from __future__ import annotations

import math

import numpy as np
import pytest
from evaluation.means import mean_metrics

from lvmctl.baselines.weightings import Centroid, Direct, Wiener
from lvmctl.data import Windows, open_split, write_store
from lvmctl.data.synthetic.worlds import World, bayes_prediction, simulate, write_world
from lvmctl.evaluation.per_window import cosine_metrics
from lvmctl.evaluation.predictors import Predictor
from lvmctl.evaluation.retrieval.ranks import in_article_ranks
from lvmctl.registry.record import NoOptions
from lvmctl.registry.specs import Shape

DEVIATIONS = 4


def interval(values: np.ndarray, article: np.ndarray) -> float:
    """Half-width of the mean's interval over windows, resampling articles: 4 standard errors."""
    residuals = np.bincount(article, values - values.mean())
    return DEVIATIONS * math.sqrt((residuals**2).sum()) / len(values)


def ar1_margins(a: float, k: int, h: int) -> dict[str, float]:
    """Margins of the Bayes prediction x_last (docs/methods.md#worlds)."""
    return {"last": a**h - 1, "second_last": a**h - a, "unseen": a**h - a ** (k - 1 + h)}


def rotation_margins(a: float, theta: float, k: int, h: int = 1) -> dict[str, float]:
    """Margins of the Bayes prediction R^h x_last (docs/methods.md#worlds)."""

    def c(power: int) -> float:
        return math.cos(math.radians(theta) * power)

    return {
        "last": a**h - c(h),
        "second_last": a**h - a * c(h + 1),
        "unseen": a**h - a ** (k - 1 + h) * c(k - 1 + 2 * h),
    }


CASES = [
    (World("ar1", a=0.9), 5, 1, ar1_margins(0.9, 5, 1)),
    (World("ar1", a=0.6), 3, 1, ar1_margins(0.6, 3, 1)),
    (World("ar1", a=0.6), 3, 2, ar1_margins(0.6, 3, 2)),
    (World("ar1", a=0.8), 1, 3, ar1_margins(0.8, 1, 3)),
    (World("rotation"), 5, 1, rotation_margins(0.9, 40, 5)),
    (World("rotation", a=0.7, theta=75), 2, 1, rotation_margins(0.7, 75, 2)),
    (World("rotation", a=0.95, theta=15), 3, 1, rotation_margins(0.95, 15, 3)),
    (World("rotation", a=0.8, theta=50), 4, 2, rotation_margins(0.8, 50, 4, 2)),
]


def case_name(value: object) -> str | None:
    if isinstance(value, World):
        return f"{value.name}-a{value.a}" + (f"-{value.theta}" * (value.name == "rotation"))
    return None if isinstance(value, dict) else str(value)


@pytest.mark.parametrize(("world", "k", "h", "expected"), CASES, ids=case_name)
def test_margins_of_the_bayes_prediction(tmp_path, world, k, h, expected):
    world = World(world.name, 200, 24, 16, world.a, world.theta, seed=k)
    with write_store(tmp_path / "world", world.dim) as writer:
        write_world(writer, world)
    windows = Windows(open_split(str(tmp_path / "world")), k, h)
    every = np.arange(len(windows))
    q = bayes_prediction(world, windows.context(every), h).astype(np.float32)
    metrics = mean_metrics(windows, q, pools=())
    each = cosine_metrics(windows, q)
    names = [name for name in expected if name != "second_last" or k > 1]
    assert list(metrics["margin"]) == names
    for name in names:
        margin = each[f"margin.{name}"]
        within = interval(margin.values, windows.article[margin.rows]) + 1e-6
        assert within < 0.06  # the interval is narrow enough to tell signs apart
        assert metrics["margin"][name] == pytest.approx(expected[name], abs=within)
        gap = metrics["cos_next"] - metrics["cos_prev"][name]
        if name != "unseen":  # unseen averages fewer windows than cos_next
            assert gap == pytest.approx(metrics["margin"][name])
    within = interval(each["cos_next"].values, windows.article) + 1e-6
    assert metrics["cos_next"] == pytest.approx(world.a**h, abs=within)


def test_published_margins_of_rotation():
    # docs/methods.md#worlds gives them to three places, at θ = 40°, a = 0.9, K = 5.
    exact = rotation_margins(0.9, 40, 5)
    assert exact == pytest.approx({"last": 0.134, "second_last": 0.744, "unseen": 1.195}, abs=6e-4)


def test_margin_second_last_of_direct_telescopes_to_nothing(tmp_path):
    # |mean| ≤ 2A/N (docs/methods.md#telescoping); with K = 2 every adjacent pair is summed.
    world = World("rotation", 40, 25, 8, seed=3)
    with write_store(tmp_path / "world", world.dim) as writer:
        write_world(writer, world)
    windows = Windows(open_split(str(tmp_path / "world")), 2, 1)
    q = Predictor("direct", Direct(NoOptions(), Shape(8, 2)))(windows)
    assert abs(mean_metrics(windows, q, pools=())["margin"]["second_last"]) <= 2 * 40 / len(windows)


@pytest.fixture(scope="module")
def iid():
    """Windows of independent chunks, in articles of 8 to 30."""
    rng = np.random.default_rng(0)
    lengths = rng.integers(8, 31, 300)
    articles = np.concatenate(list(simulate(World("iid", 300, 30, 12, seed=4))))
    vectors = [article[:length] for article, length in zip(articles, lengths)]
    return np.concatenate(vectors).astype(np.float32), lengths


@pytest.mark.parametrize("name", ["direct", "centroid", "wiener"])
@pytest.mark.parametrize(("k", "h"), [(5, 1), (2, 2)])
def test_on_independent_chunks_nothing_beats_chance(split_of, iid, name, k, h):
    windows = Windows(split_of(*iid), k, h)
    every, shape = np.arange(len(windows)), Shape(12, k, h)
    if name == "wiener":
        fitted = Windows(open_split("synth:iid?articles=50&chunks=20&dim=12&seed=9"), k, h)
        predictor = Wiener(NoOptions(), shape).fit(fitted)
    else:
        predictor = {"direct": Direct, "centroid": Centroid}[name](NoOptions(), shape)
    q = Predictor(name, predictor)(windows)
    metrics = mean_metrics(windows, q, min_article=2)

    within = interval(cosine_metrics(windows, q)["cos_next"].values, windows.article)
    assert metrics["cos_next"] == pytest.approx(0, abs=within)
    ranks = in_article_ranks(windows, every, q)
    lengths = windows.split.lengths[windows.article]
    for pool, size in (("filtered", lengths - k), ("future", lengths - k - windows.position)):
        rank = ranks[pool][0]
        assert np.array_equal(ranks[pool][1], size)
        # The target's rank is uniform on 1 … n, so each figure's expectation is a closed form.
        harmonic = np.array([sum(1 / r for r in range(1, n + 1)) for n in size])
        expected = {
            "r@1": (rank <= 1, 1 / size),
            "r@5": (rank <= 5, np.minimum(5, size) / size),
            "r@10": (rank <= 10, np.minimum(10, size) / size),
            "mrr": (1 / rank, harmonic / size),
        }
        shown = metrics["in_article"][pool]
        for figure, (values, chance) in expected.items():
            within = interval(values - chance, windows.article)
            assert within < 0.05
            assert shown[figure] == pytest.approx(chance.mean(), abs=within), (pool, figure)
        assert shown["chance_r@5"] == pytest.approx(expected["r@5"][1].mean())
        assert shown["pool_mean"] == pytest.approx(size.mean())


def test_the_target_itself_is_always_first(split_of, iid):
    windows = Windows(split_of(*iid), 3, 1)
    q = windows.target(np.arange(len(windows)))
    metrics = mean_metrics(windows, q, min_article=2)
    assert metrics["cos_next"] == pytest.approx(1, abs=1e-6)
    for pool in metrics["in_article"].values():
        assert pool["r@1"] == pool["mrr"] == 1
    opposite = mean_metrics(windows, -q, min_article=2, pools=("unfiltered",))
    lengths = windows.split.lengths[windows.article]
    assert opposite["in_article"]["unfiltered"]["mrr"] == pytest.approx((1 / lengths).mean())


def test_predict_goes_block_by_block(split_of, iid):
    windows = Windows(split_of(*iid), 2, 1)
    assert len(windows) > 2048
    first = Predictor("first", lambda context: context[:, 0])
    q = first(windows)
    assert np.allclose(q, iid[0][windows.rows], atol=1e-6)
    some = np.array([4, 2000, 3])
    assert np.array_equal(first(windows, some), q[some])

"""The golden store: every figure of the protocol, worked out in float64 and kept in the tree."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from evaluation.means import mean_metrics

from lvmctl.baselines.weightings import Centroid, Direct
from lvmctl.core.tree import leaves
from lvmctl.data import Windows, open_split
from lvmctl.evaluation.predictors import Predictor
from lvmctl.evaluation.retrieval.ranks import in_article_ranks
from lvmctl.registry.record import NoOptions
from lvmctl.registry.specs import Shape
from lvmctl.sphere import span_projection, unit

COUNTED = ("r@", "mrr", "windows", "pool_mean", "chance")


@pytest.fixture(scope="module")
def golden(reference):
    return json.loads((reference.GOLDEN / "metrics.json").read_text(encoding="utf-8"))


def flat(tree: dict) -> dict[str, float]:
    return dict(leaves(tree))


def predictions(name: str, windows: Windows) -> np.ndarray:
    """Unit predictions of a golden predictor by the fast code."""
    shape = Shape(windows.split.dim, windows.context_length, windows.horizon)
    if name == "span-oracle":
        every = np.arange(len(windows))
        context, target = (torch.from_numpy(f(every)) for f in (windows.context, windows.target))
        return unit(span_projection(context, target)).float().numpy()
    return Predictor(name, {"direct": Direct, "centroid": Centroid}[name](NoOptions(), shape))(
        windows
    )


def test_the_kept_figures_are_those_of_the_reference(reference, golden):
    again = flat(reference.golden_figures())
    assert flat(golden).keys() == again.keys()
    assert flat(golden) == pytest.approx(again, rel=0, abs=1e-12)


def test_the_golden_store_has_the_cases_that_matter(reference):
    split = open_split(str(reference.GOLDEN / "store"))
    assert split.chunks == 30
    assert split.vectors.dtype == np.float16
    lengths = sorted(split.lengths)
    for k, h in reference.SETTINGS:
        assert lengths[0] < k + h <= lengths[1] < reference.MIN_ARTICLE <= lengths[2]
        windows = Windows(split, k, h)
        shape = Shape(split.dim, k, h)
        q = Predictor("direct", Direct(NoOptions(), shape))(windows)
        ranks, _ = in_article_ranks(windows, np.arange(len(windows)), q)["filtered"]
        assert (ranks % 1 == 0.5).any()  # a tie


@pytest.mark.parametrize("predictor", ["direct", "centroid", "span-oracle"])
@pytest.mark.parametrize(("k", "h"), [(3, 1), (2, 2)])
def test_the_fast_code_equals_the_kept_mean_metrics(reference, golden, predictor, k, h):
    windows = Windows(open_split(str(reference.GOLDEN / "store")), k, h)
    q = predictions(predictor, windows)
    expected = golden["settings"][f"K={k},h={h}"]
    assert len(windows) == expected["windows"]
    assert len(windows.split.articles) == expected["articles"]

    wanted = flat(expected["predictors"][predictor])
    actual = flat(mean_metrics(windows, q, min_article=golden["min_article"]))
    ours = {key for key in wanted if not key.startswith("global.")}
    assert ours <= actual.keys()
    for key, value in actual.items():
        counted = key.split(".")[-1].startswith(COUNTED)
        assert value == pytest.approx(wanted[key], rel=0, abs=1e-12 if counted else 1e-6), key


@pytest.mark.parametrize("predictor", ["direct", "centroid", "span-oracle"])
@pytest.mark.parametrize(("k", "h"), [(3, 1), (2, 2)])
def test_the_ranks_are_exactly_those_of_the_reference(reference, predictor, k, h):
    split = open_split(str(reference.GOLDEN / "store"))
    windows = Windows(split, k, h)
    by_pool = in_article_ranks(windows, np.arange(len(windows)), predictions(predictor, windows))
    offsets = [*split.starts, split.chunks]
    articles = reference.read_articles(split.vectors.astype(np.float64), offsets)
    for number, window in enumerate(reference.all_windows(articles, k, h)):
        context = reference.context_of(articles, window)
        q = reference.PREDICTORS[predictor](context, reference.target_of(articles, window))
        for pool, (ranks, sizes) in by_pool.items():
            expected = reference.rank(articles, window, q, pool)
            assert (ranks[number], sizes[number]) == expected

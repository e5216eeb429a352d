"""When what was fitted on the training text counts, and when it does not."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from lvmctl_ranker.fitting import FOLDS, fold_of
from lvmctl_ranker.in_domain import AxisFeatures, InDomain, axis_features
from lvmctl_ranker.model import Ranker
from lvmctl_ranker.options import RankerOptions

from lvmctl import Pool, Shape, Windows
from lvmctl.testing.samples import split_of, textlike

K, DIM = 3, 6
SHAPE = Shape(DIM, K)


def text(articles: int, chunks: int, seed: int, side: float) -> Windows:
    """Text-like articles whose chunks all lean to one side of the first axis."""
    vectors = textlike(articles, chunks, DIM, seed).vectors + side * np.eye(DIM)[0]
    vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return Windows(split_of(np.split(vectors, articles)), K, 1)


def training_text() -> Windows:
    return text(12, 20, seed=0, side=2.0)


@pytest.fixture(scope="module")
def learned() -> InDomain:
    fitted = InDomain(SHAPE)
    fitted.fit(training_text())
    return fitted


def inputs(side: float = 2.0, chunks: int = 14) -> tuple[torch.Tensor, Pool]:
    """All windows of an article, like the training text by default, and what is outside each."""
    windows = text(1, chunks, seed=7, side=side)
    context = torch.from_numpy(windows.context(np.arange(len(windows))))
    inside = torch.from_numpy(windows.position)[:, None] + torch.arange(K)
    candidates = torch.ones(len(context), chunks, dtype=torch.bool).scatter(1, inside, False)
    return context, Pool(torch.from_numpy(windows.split.unit_rows(0, chunks)), candidates)


def test_only_windows_like_the_training_text_are_in_domain(learned):
    context, _ = inputs()
    assert learned.covers(context).float().mean() > 0.9
    assert not learned.covers(inputs(side=-2.0)[0]).any()
    assert not learned.covers(torch.ones(2, K, DIM + 1)).any()
    assert not InDomain(SHAPE).covers(context).any()


def test_measures_along_the_axes_are_those_of_the_formula(learned):
    context, pool = inputs()
    values = AxisFeatures(learned, context, pool).measures(slice(None))
    axes, weight = learned.axes[FOLDS], learned.agreement[FOLDS].sqrt()
    for row in range(len(context)):
        mean = pool.vectors.mean(dim=0)  # candidates and window are the whole article
        window, chunks = (context[row] - mean) @ axes, (pool.vectors - mean) @ axes
        guess = torch.cat([window[-1], window[-2], window.mean(dim=0)]) @ learned.ahead[FOLDS]
        cosine = torch.nn.functional.cosine_similarity
        near = cosine((chunks * weight)[:, None], (window * weight)[None], dim=-1)
        assert torch.allclose(values[row, :, :K], near, atol=1e-5)
        assert torch.allclose(values[row, :, K], cosine(chunks, guess[None], dim=-1), atol=1e-5)
        assert torch.allclose(values[row, :, K + 1], chunks @ guess / len(guess) ** 0.5, atol=1e-5)


def test_pools_of_ones_own_are_measured_as_a_shared_one(learned):
    context, pool = inputs()
    shared = AxisFeatures(learned, context, pool).measures(slice(2, 7))
    pools = Pool(pool.vectors.expand(len(context), -1, -1), pool.candidates)
    assert torch.allclose(
        AxisFeatures(learned, context, pools).measures(slice(2, 7)), shared, atol=1e-5
    )


def test_in_training_a_window_is_measured_without_its_own_fold(learned):
    context, pool = inputs()
    pools = Pool(pool.vectors.expand(len(context), -1, -1), pool.candidates)
    article = torch.arange(len(context))
    values = AxisFeatures(learned, context, pools, article).measures(slice(None))
    for fold in range(FOLDS):
        alone = InDomain(SHAPE)
        alone.load_state_dict(learned.state_dict())
        for name in ("axes", "agreement", "ahead"):
            getattr(alone, name)[FOLDS] = getattr(learned, name)[fold]
        expected = AxisFeatures(alone, context, pools).measures(slice(None))
        in_fold = fold_of(article) == fold
        assert torch.allclose(values[in_fold], expected[in_fold], atol=1e-5)


def test_a_ranker_leaves_out_a_training_windows_own_article_in_training_only():
    ranker = Ranker(RankerOptions(dropout=0.0, hidden=0), SHAPE)
    ranker.fit(training_text())
    ranker.scorer.heads[0].linear.weight.data.fill_(1.0)
    context, pool = inputs()
    vectors = pool.vectors.expand(len(context), -1, -1)
    both = [Pool(vectors, pool.candidates, torch.full((len(context),), a)) for a in (0, 1)]

    def scores(pool: Pool) -> torch.Tensor:
        torch.manual_seed(0)
        return ranker.score(context, pool)[pool.candidates]

    ranker.train()
    assert not torch.allclose(*map(scores, both))
    ranker.eval()
    assert torch.equal(*map(scores, both))


def test_text_of_another_kind_is_scored_as_if_nothing_had_been_learned():
    torch.manual_seed(0)
    ranker = Ranker(RankerOptions(), SHAPE).eval()
    context, pool = inputs(side=-2.0)
    before = ranker.score(context, pool)
    ranker.fit(training_text())
    assert not ranker.in_domain.covers(context).any()
    assert torch.equal(ranker.score(context, pool), before)
    assert not torch.equal(ranker.score(*inputs()), Ranker.score(fresh(ranker), *inputs()))


def fresh(ranker: Ranker) -> Ranker:
    """The same weights, and nothing learned of any text."""
    made = Ranker(RankerOptions(), SHAPE).eval()
    made.load_state_dict(
        {name: x for name, x in ranker.state_dict().items() if not name.startswith("in_domain")},
        strict=False,
    )
    return made


def test_without_it_nothing_is_fitted():
    ranker = Ranker(RankerOptions(without=("in-domain",)), SHAPE)
    ranker.fit(training_text())
    assert ranker.in_domain is None
    assert ranker.eval().score(*inputs()).isfinite().all()
    assert axis_features(K) == K + 2


def test_a_fit_on_too_little_forgets_the_one_before():
    fitted = InDomain(SHAPE)
    fitted.fit(training_text())
    fitted.fit(text(3, 20, seed=1, side=2.0))
    assert fitted.limit == -torch.inf


def test_a_model_that_was_saved_under_earlier_names_is_loaded():
    saved = Ranker(RankerOptions(), SHAPE)
    saved.fit(training_text())
    names = {"in_domain.": "familiar.", ".standardizer.": ".standard.", ".heads.0.": "."}
    state = saved.state_dict()
    for present, before in names.items():
        state = {name.replace(present, before): value for name, value in state.items()}
    loaded = Ranker(RankerOptions(), SHAPE)
    loaded.load_state_dict(state)
    assert loaded.in_domain.limit == saved.in_domain.limit
    assert Ranker(RankerOptions(without=("familiar",)), SHAPE).in_domain is None

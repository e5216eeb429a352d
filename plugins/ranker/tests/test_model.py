"""What a score may depend on, and what q is."""

from __future__ import annotations

import pytest
import torch
from lvmctl_ranker import model as module
from lvmctl_ranker.model import Ranker
from lvmctl_ranker.options import RankerOptions

from lvmctl import Pool, Shape


@pytest.fixture
def ranker() -> Ranker:
    torch.manual_seed(0)
    return Ranker(RankerOptions(dropout=0.0), Shape(6, 3)).double().eval()


def of_candidates(scores: torch.Tensor, pool: Pool) -> torch.Tensor:
    return torch.where(pool.candidates, scores, 0.0)


def test_q_begins_as_a_mean_that_fades_and_mixes_the_window(ranker, article):
    context, _, _ = article(9)
    prediction = ranker(context)
    fading = torch.tensor([0.16, 0.4, 1.0], dtype=torch.float64) / 1.56
    assert torch.allclose(prediction.weights, fading.expand(6, -1), atol=1e-6)
    mixed = torch.einsum("bk,bkd->bd", prediction.weights, context)
    assert torch.allclose(prediction.q, mixed / mixed.norm(dim=-1, keepdim=True))


@pytest.mark.parametrize("separate", [False, True])
def test_contexts_are_scored_a_few_at_a_time(ranker, article, monkeypatch, separate):
    context, pool, _ = article(30)
    if separate:
        pool = Pool(pool.vectors.expand(len(context), -1, -1), pool.candidates)
    whole = ranker.score(context, pool)
    monkeypatch.setattr(module, "HELD", 1)
    monkeypatch.setattr(module, "OWN", 1)
    assert torch.allclose(of_candidates(ranker.score(context, pool), pool),
                          of_candidates(whole, pool))  # fmt: skip


def test_a_pool_of_ones_own_is_scored_as_a_shared_one(ranker, article):
    context, pool, _ = article(30)
    pools = Pool(pool.vectors.expand(len(context), -1, -1), pool.candidates)
    scores, expected = ranker.score(context, pools), ranker.score(context, pool)
    assert torch.allclose(of_candidates(scores, pool), of_candidates(expected, pool))


def test_the_window_need_not_be_in_the_pool(ranker, article):
    """Training lists hold the candidates alone, the evaluation's pool the window too."""
    context, pool, _ = article(30)
    for row in (0, 13, 26):
        mask = pool.candidates[row]
        alone = Pool(pool.vectors[mask], torch.ones(1, int(mask.sum()), dtype=torch.bool))
        scores = ranker.score(context[row : row + 1], alone)[0]
        assert torch.allclose(scores, ranker.score(context, pool)[row, mask])


def test_only_cosines_count(ranker, article):
    """A rotation of all chunks, and dimensions that are empty, change nothing."""
    context, pool, _ = article(20)
    turn = torch.linalg.qr(torch.randn(9, 9, dtype=torch.float64)).Q[:6]
    scores = ranker.score(context @ turn, Pool(pool.vectors @ turn, pool.candidates))
    expected = ranker.score(context, pool)
    assert torch.allclose(of_candidates(scores, pool), of_candidates(expected, pool), atol=1e-8)


def test_features_are_not_trained_through(ranker, article):
    context, pool, _ = article(12)
    ranker.train().score(context.requires_grad_(), pool).sum().backward()
    assert context.grad is None
    assert ranker.scorer.heads[0].linear.weight.grad.any()

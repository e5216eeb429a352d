"""The baseline that knows the pool's mean."""

from __future__ import annotations

import torch
from lvmctl_ranker.centred_mean import CentredMean

from lvmctl import NoOptions, Pool, Shape


def test_it_is_the_product_with_the_mean_less_that_of_window_and_candidates(article):
    context, pool, _ = article(12)
    baseline = CentredMean(NoOptions(), Shape(6, 3))
    scores = baseline.score(context, pool)
    pools = Pool(pool.vectors.expand(len(context), -1, -1), pool.candidates)
    assert torch.allclose(baseline.score(context, pools), scores)
    for row, window in enumerate(context):
        mean = (0.36 * window[0] + 0.6 * window[1] + window[2]) / 1.96
        known = torch.cat([pool.vectors[pool.candidates[row]], window]).mean(dim=0)
        assert torch.allclose(scores[row], pool.vectors @ (mean - known), atol=1e-6)
        assert torch.allclose(baseline(context)[row], mean / mean.norm(), atol=1e-6)


def test_a_pool_of_a_few_candidates_is_centred_by_them(article):
    context, pool, _ = article(12)
    few = pool.candidates.clone()
    few[:, ::2] = False
    scores = CentredMean(NoOptions(), Shape(6, 3)).score(context, Pool(pool.vectors, few))
    known = torch.cat([pool.vectors[few[4]], context[4]]).mean(dim=0)
    mean = (0.36 * context[4, 0] + 0.6 * context[4, 1] + context[4, 2]) / 1.96
    assert torch.allclose(scores[4], pool.vectors @ (mean - known), atol=1e-6)

"""The scorer's standardisation and its two parts."""

from __future__ import annotations

import torch
from lvmctl_ranker.scorer import FLOOR, Scorer


def batches(count: int = 3) -> list[tuple[torch.Tensor, torch.Tensor]]:
    generator = torch.Generator().manual_seed(0)
    made = []
    for number in range(count):
        features = 3 + 2 * torch.randn(4, 5 + number, 6, generator=generator)
        made.append((features, torch.rand(4, 5 + number, generator=generator) < 0.7))
    return made


def test_it_knows_the_candidates_of_all_batches_alike():
    scorer, made = Scorer(6, 8, 0.0).train(), batches()
    for features, candidates in made:
        scorer(features, candidates)
    seen = torch.cat([features[candidates] for features, candidates in made])
    assert scorer.seen == len(seen)
    assert torch.allclose(scorer.mean, seen.mean(dim=0), atol=1e-5)
    variance = scorer.square - scorer.mean.square()
    assert torch.allclose(variance, seen.var(dim=0, correction=0), atol=1e-4)


def test_in_evaluation_it_learns_nothing():
    scorer = Scorer(6, 8, 0.5).eval()
    first, second = (scorer(*batches()[0]) for _ in range(2))
    assert scorer.seen == 0
    assert torch.equal(first, second)


def test_a_linear_scorer_is_linear():
    scorer = Scorer(6, 0, 0.0).train()
    features, candidates = batches()[0]
    found = scorer(features, candidates)
    seen = features[candidates]
    z = (features - seen.mean(dim=0)) / (seen.std(dim=0, correction=0) + FLOOR)
    assert torch.allclose(found, z @ scorer.linear.weight[0], atol=1e-4)
    assert len(list(scorer.parameters())) == 1

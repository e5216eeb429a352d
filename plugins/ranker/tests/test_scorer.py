"""The scorer's standardisation and its two parts."""

from __future__ import annotations

import torch
from lvmctl_ranker.features import Rows
from lvmctl_ranker.scorer import FLOOR, UNKNOWN, Scorer


def rows(features, candidates, extra=None, known=None) -> Rows:
    """Those that are candidates."""
    extra = None if extra is None else extra[candidates]
    return Rows(features[candidates], extra, known, candidates.nonzero()[:, 0])


def batches(count: int = 3) -> list[tuple[torch.Tensor, torch.Tensor]]:
    generator = torch.Generator().manual_seed(0)
    made = []
    for number in range(count):
        features = 3 + 2 * torch.randn(4, 5 + number, 6, generator=generator)
        made.append((features, torch.rand(4, 5 + number, generator=generator) < 0.7))
    return made


def test_it_knows_the_candidates_of_all_batches_alike():
    scorer, made = Scorer(6, 0, 8, 0.0).train(), batches()
    for features, candidates in made:
        scorer(rows(features, candidates))
    seen = torch.cat([features[candidates] for features, candidates in made])
    standardizer = scorer.standardizer
    assert standardizer.seen == len(seen)
    assert torch.allclose(standardizer.mean, seen.mean(dim=0), atol=1e-5)
    variance = standardizer.square - standardizer.mean.square()
    assert torch.allclose(variance, seen.var(dim=0, correction=0), atol=1e-4)


def test_in_evaluation_it_learns_nothing():
    scorer = Scorer(6, 0, 8, 0.5).eval()
    first, second = (scorer(rows(*batches()[0])) for _ in range(2))
    assert scorer.standardizer.seen == 0
    assert torch.equal(first, second)


def test_a_linear_scorer_is_linear():
    scorer = Scorer(6, 0, 0, 0.0).train()
    features, candidates = batches()[0]
    scores = scorer(rows(features, candidates))
    seen = features[candidates]
    z = (seen - seen.mean(dim=0)) / (seen.std(dim=0, correction=0) + FLOOR)
    assert torch.allclose(scores, z @ scorer.heads[0].linear.weight[0], atol=1e-4)
    assert len(list(scorer.parameters())) == 1


def with_in_domain(known: list[bool]) -> tuple[torch.Tensor, ...]:
    """A batch of four contexts, of which some have in-domain features."""
    features, candidates = batches()[0]
    extra = 1 + torch.randn(4, 5, 3, generator=torch.Generator().manual_seed(1))
    return features, candidates, extra, torch.tensor(known)


def test_what_is_known_of_in_domain_contexts_does_not_count_in_others():
    scorer = Scorer(6, 3, 8, 0.0).train()
    features, candidates, extra, known = with_in_domain([True, True, False, False])
    scorer(rows(features, candidates, extra, known))
    seen = extra[:2][candidates[:2]]
    assert torch.allclose(scorer.in_domain.mean, seen.mean(dim=0), atol=1e-5)
    first = scorer.eval()(rows(features, candidates, extra, known))
    other = scorer(rows(features, candidates, extra + 7, known))
    known = known[candidates.nonzero()[:, 0]]
    assert torch.equal(first[~known], other[~known])
    assert not torch.allclose(first[known], other[known])


def test_both_parts_read_all_that_is_known_side_by_side():
    scorer = Scorer(6, 3, 8, 0.0).train()
    given = rows(*with_in_domain([True, True, False, True]))
    scorer(given)
    scorer.eval()
    mark = given.known[given.context][:, None].float()
    more = scorer.in_domain(given.extra) * mark
    z = torch.cat([scorer.standardizer(given.features), more, mark], dim=1)
    head = scorer.heads[0]
    expected = (head.linear(z) + head.network(z))[:, 0]
    torch.testing.assert_close(scorer(given), expected)


def test_in_training_some_in_domain_contexts_are_scored_as_others():
    scorer = Scorer(6, 3, 0, 0.0)
    scorer.heads[0].linear.weight.data = torch.eye(10)[
        -1:
    ]  # the number that says which are in-domain
    features, candidates, extra, _ = with_in_domain([True] * 4)
    many = [x.repeat(1000, *(1,) * (x.dim() - 1)) for x in (features, candidates, extra)]
    known = torch.ones(4000, dtype=torch.bool)
    torch.manual_seed(0)
    scores = scorer.train()(rows(*many, known))
    assert scores.unique().tolist() == [0.0, 1.0]
    assert abs(scores.mean() - (1 - UNKNOWN)) < 0.03
    assert (scorer.eval()(rows(*many, known)) == 1).all()


def test_a_batch_without_in_domain_contexts_is_scored():
    scorer = Scorer(6, 3, 8, 0.0).train()
    assert scorer(rows(*with_in_domain([False] * 4))).isfinite().all()
    assert scorer.in_domain.seen == 0


def test_heads_are_apart_in_training_and_their_mean_after_it():
    features, candidates = batches()[0]
    scorer = Scorer(6, 0, 8, 0.0, members=3).train()
    read = rows(features, candidates)
    apart, seen = scorer(read), features[candidates]
    assert apart.shape == (len(seen), 3)
    assert not torch.allclose(apart[:, 0], apart[:, 1])
    z = (seen - seen.mean(dim=0)) / (seen.std(dim=0, correction=0) + FLOOR)
    for number, head in enumerate(scorer.heads):
        assert torch.allclose(apart[:, number], head(z), atol=1e-4)
    assert torch.allclose(scorer.eval()(read), apart.mean(dim=-1), atol=1e-5)

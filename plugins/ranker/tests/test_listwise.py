"""The listwise losses against explicit loops."""

from __future__ import annotations

import math
import statistics
from dataclasses import replace

import pytest
import torch
from lvmctl_ranker.listwise import FLAT, Listwise, Query, ranks
from lvmctl_ranker.options import ListwiseOptions, QueryOptions

from lvmctl import Prediction, Step
from lvmctl.testing import random_batch

STEP = Step(1, 0, 1, 1)


def expected(scores: list[list[float]], real: list[list[bool]]) -> list[float]:
    ranks_of = []
    for (target, *others), there in zip(scores, real):
        among = [target, *(score for score, yes in zip(others, there) if yes)]
        ranks_of.append(math.log(math.fsum(map(math.exp, among))) - target)
    return ranks_of


@pytest.mark.parametrize("size", [1, 6])
@pytest.mark.parametrize("negatives", [1, 4])
def test_the_losses_are_cross_entropies_of_the_real_chunks(size, negatives):
    batch = random_batch(size, negatives=4)
    real = batch.negative_mask[:, :negatives].tolist()
    q, scores = batch.last, torch.randn(size, 5)
    output = Listwise(ListwiseOptions(negatives=negatives))(
        Prediction(q, scores=scores), batch, STEP
    )
    listed = scores[:, : 1 + negatives].tolist()
    assert output.terms["list"].tolist() == pytest.approx(expected(listed, real), abs=1e-5)
    assert {name: value.shape for name, value in output.metrics.items()} == {
        "list_r@5": (size,),
        "list_mrr": (size,),
    }

    options = QueryOptions(negatives=negatives, temperature=0.5)
    output = Query(options)(Prediction(q), batch, STEP)
    listed = []
    for row, y, others, there in zip(q, batch.target, batch.negatives, real):
        cosines = [float(row @ y), *(float(row @ n) for n in others[:negatives])]
        among = [c for c, yes in zip(cosines, [True, *there]) if yes]
        center, deviation = statistics.fmean(among), statistics.pstdev(among)
        listed.append([(c - center) / math.hypot(deviation, FLAT**0.5) / 0.5 for c in cosines])
    assert output.terms["query"].tolist() == pytest.approx(expected(listed, real), abs=1e-5)


def test_scorers_beside_each_other_each_have_their_loss():
    batch, scores = random_batch(5, negatives=4), torch.randn(5, 5, 3)
    loss = Listwise(ListwiseOptions(negatives=3))
    together = loss(Prediction(batch.last, scores=scores), batch, STEP)
    each = [loss(Prediction(batch.last, scores=one), batch, STEP) for one in scores.unbind(dim=2)]
    losses = torch.stack([one.terms["list"] for one in each])
    torch.testing.assert_close(together.terms["list"], losses.mean(dim=0))
    mean = loss(Prediction(batch.last, scores=scores.mean(dim=2)), batch, STEP)
    torch.testing.assert_close(together.metrics["list_mrr"], mean.metrics["list_mrr"])


def test_ranks_count_ties_by_half_and_what_is_not_real_not_at_all():
    scores = torch.tensor([[1.0, 2.0, 1.0, 0.0, 5.0], [1.0, 0.0, 0.0, 0.0, 0.0]])
    real = torch.tensor([[True, True, True, False], [True, True, True, True]])
    assert ranks(scores, real).tolist() == [2.5, 1.0]


def test_a_chunk_that_is_not_real_gives_no_gradient():
    batch = random_batch(8, negatives=4)
    scores = torch.randn(8, 5, requires_grad=True)
    loss = Listwise(ListwiseOptions(negatives=4))
    prediction = replace(Prediction(batch.last), scores=scores)
    loss(prediction, batch, STEP).terms["list"].mean().backward()
    assert torch.equal(scores.grad[:, 1:] != 0, batch.negative_mask)

"""The listwise loss against an explicit loop in float64."""

from __future__ import annotations

import math

import pytest
import torch
from lvmctl_p8.listwise import Listwise
from lvmctl_p8.options import ListwiseOptions

from lvmctl import Batch, Prediction

DIM = 7


def dot(a: torch.Tensor, b: torch.Tensor) -> float:
    return math.fsum(x * y for x, y in zip(a.tolist(), b.tolist()))


def listwise_by_loop(q: torch.Tensor, batch: Batch, options: ListwiseOptions) -> list[float]:
    size, rows = len(q), []
    for i in range(size):
        candidates = [batch.target[i], batch.last[i]]
        for m in range(options.negatives):
            if batch.negative_mask[i, m]:
                candidates.append(batch.negatives[i, m])
        room = min(options.in_batch, 8 - 2 - options.negatives, size - 1)
        for j in ((i + shift) % size for shift in range(1, room + 1)):
            if batch.in_batch_mask[i, j]:
                candidates.append(batch.target[j])
        scores = [dot(q[i], candidate) / options.temperature for candidate in candidates]
        top = max(scores)
        rows.append(top + math.log(math.fsum(math.exp(s - top) for s in scores)) - scores[0])
    return rows


@pytest.mark.parametrize("size", [1, 2, 9])
@pytest.mark.parametrize(
    ("negatives", "in_batch"), [(2, 0), (0, 0), (6, 0), (2, 3), (1, 6), (6, 6)]
)
def test_listwise_is_the_cross_entropy_of_the_real_candidates(
    random_batch, declared, predictions, step, size, negatives, in_batch
):
    options = ListwiseOptions(temperature=0.2, negatives=negatives, in_batch=in_batch)
    batch, q = random_batch(size), predictions(size)
    output = Listwise(options)(Prediction(q), declared("listwise", batch), step)
    assert list(output.terms) == ["rank"]
    expected = listwise_by_loop(q, batch, options)
    assert output.terms["rank"].tolist() == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("size", [3, 9])  # fewer and more than are asked for
def test_a_target_may_serve_one_row_where_the_other_way_it_may_not(
    random_batch, predictions, step, size
):
    # With a horizon above 1, target j can lie in the window of row i alone.
    batch, q = random_batch(size), predictions(size)
    draw = torch.rand(size, size, generator=torch.Generator().manual_seed(2)) < 0.5
    mask = draw & ~torch.eye(size, dtype=torch.bool)
    assert not torch.equal(mask, mask.T)
    batch = batch.having(in_batch_mask=mask)
    options = ListwiseOptions(temperature=0.2, negatives=1, in_batch=5)
    rank = Listwise(options)(Prediction(q), batch, step).terms["rank"]
    assert rank.tolist() == pytest.approx(listwise_by_loop(q, batch, options), abs=1e-5)


@pytest.mark.parametrize("negatives", range(7))
@pytest.mark.parametrize("in_batch", [0, 1, 6])
def test_listwise_has_at_most_eight_candidates(step, negatives, in_batch):
    size = 20
    same = torch.eye(DIM)[:1].repeat(size, 1)
    batch = Batch(
        {
            "target": same,
            "last": same,
            "negatives": same[:, None].repeat(1, 6, 1),
            "negative_mask": torch.ones(size, 6, dtype=torch.bool),
            "in_batch_mask": torch.ones(size, size, dtype=torch.bool),
        }
    )
    options = ListwiseOptions(negatives=negatives, in_batch=in_batch)
    rank = Listwise(options)(Prediction(same), batch, step).terms["rank"]
    # All scores are equal: the loss is the logarithm of their number.
    candidates = {round(value) for value in rank.exp().tolist()}
    assert candidates == {min(8, 2 + negatives + in_batch)}


def test_the_temperature_divides_the_scores(step):
    eye = torch.eye(DIM)
    batch = Batch(
        {
            "target": eye[:1],
            "last": eye[1:2],
            "negatives": torch.zeros(1, 0, DIM),
            "negative_mask": torch.zeros(1, 0, dtype=torch.bool),
            "in_batch_mask": torch.zeros(1, 1, dtype=torch.bool),
        }
    )
    for temperature in (0.2, 1.0):
        loss = Listwise(ListwiseOptions(temperature=temperature, negatives=0))
        expected = math.log1p(math.exp(-1 / temperature))
        rank = loss(Prediction(eye[:1]), batch, step).terms["rank"].item()
        assert rank == pytest.approx(expected, abs=1e-6)


def test_a_masked_candidate_gives_no_gradient(random_batch, predictions, step):
    batch = random_batch(4)
    batch.negatives.requires_grad_()
    loss = Listwise(ListwiseOptions(negatives=6, temperature=1.0))
    loss(Prediction(predictions(4)), batch, step).terms["rank"].mean().backward()
    moved = batch.negatives.grad.abs().sum(-1) > 0
    assert torch.equal(moved, batch.negative_mask)

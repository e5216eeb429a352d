"""InfoNCE against an explicit loop in float64."""

from __future__ import annotations

import math

import pytest
import torch
from lvmctl_p7.infonce import InfoNce, between
from lvmctl_p7.options import InfoNceOptions

from lvmctl import Batch, Prediction

DIM = 7


def dot(a: torch.Tensor, b: torch.Tensor) -> float:
    return math.fsum(x * y for x, y in zip(a.tolist(), b.tolist()))


def infonce_by_loop(q: torch.Tensor, batch: Batch, options: InfoNceOptions) -> list[float]:
    size, rows = len(q), []
    for i in range(size):
        candidates = [batch.target[i], batch.last[i]]
        for m in range(options.negatives):
            if batch.negative_mask[i, m]:
                candidates.append(batch.negatives[i, m])
        for j in range(size):
            if options.in_batch and batch.in_batch_mask[i, j]:
                candidates.append(batch.target[j])
        scores = [dot(q[i], candidate) / options.temperature for candidate in candidates]
        top = max(scores)
        rows.append(top + math.log(math.fsum(math.exp(s - top) for s in scores)) - scores[0])
    return rows


@pytest.mark.parametrize("size", [1, 2, 9])
@pytest.mark.parametrize("negatives", [0, 2, 4])
@pytest.mark.parametrize("in_batch", [True, False])
@pytest.mark.parametrize("temperature", [0.07, 1.0])
def test_infonce_is_the_cross_entropy_of_the_real_candidates(
    random_batch, declared, predictions, step, size, negatives, in_batch, temperature
):
    options = InfoNceOptions(temperature=temperature, negatives=negatives, in_batch=in_batch)
    batch, q = random_batch(size), predictions(size)
    output = InfoNce(options)(Prediction(q), declared("infonce", batch), step)
    expected = infonce_by_loop(q, batch, options)
    assert list(output.terms) == ["rank"]
    assert output.terms["rank"].tolist() == pytest.approx(expected, rel=1e-5, abs=1e-5)


def test_the_published_loss_is_the_default(random_batch, declared, predictions, step):
    batch, q = random_batch(6), predictions(6)
    published = InfoNceOptions(temperature=0.07, negatives=2, in_batch=True)
    output = InfoNce(InfoNceOptions())(Prediction(q), declared("infonce", batch), step)
    expected = infonce_by_loop(q, batch, published)
    assert output.terms["rank"].tolist() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(("negatives", "in_batch"), [(0, False), (2, False), (0, True), (4, True)])
def test_equal_scores_count_the_candidates(step, negatives, in_batch):
    size = 6
    same = torch.eye(DIM)[:1].repeat(size, 1)
    fields = {
        "target": same,
        "last": same,
        "negatives": same[:, None].repeat(1, 4, 1),
        "negative_mask": torch.ones(size, 4, dtype=torch.bool),
        "in_batch_mask": ~torch.eye(size, dtype=torch.bool),
    }
    loss = InfoNce(InfoNceOptions(negatives=negatives, in_batch=in_batch))
    rank = loss(Prediction(same), Batch(fields), step).terms["rank"]
    # The loss is the logarithm of their number.
    expected = 2 + negatives + (size - 1) * in_batch
    assert rank.exp().tolist() == pytest.approx([expected] * size, rel=1e-5)


def test_a_masked_negative_gives_no_gradient(random_batch, predictions, step):
    batch = random_batch(4)
    batch.negatives.requires_grad_()
    loss = InfoNce(InfoNceOptions(negatives=4, temperature=1.0))
    loss(Prediction(predictions(4)), batch, step).terms["rank"].sum().backward()
    assert torch.equal(batch.negatives.grad.abs().sum(-1) > 0, batch.negative_mask)


def test_a_masked_target_gives_no_gradient(random_batch, predictions, step):
    batch = random_batch(4)
    # In row 0 a target moves as its own, or as a real candidate.
    batch.in_batch_mask[0] = torch.tensor([False, True, False, True])
    batch.target.requires_grad_()
    loss = InfoNce(InfoNceOptions(temperature=1.0))
    loss(Prediction(predictions(4)), batch, step).terms["rank"][0].backward()
    moved = batch.target.grad.abs().sum(-1) > 0
    assert moved.tolist() == [True, True, False, True]


def test_scores_keep_full_precision_under_autocast(random_batch, predictions):
    q, target = predictions(9), random_batch(9).target
    with torch.autocast("cpu", dtype=torch.bfloat16):
        mask = between(q, target)
    assert mask.dtype == torch.float32
    assert torch.allclose(mask.double(), q.double() @ target.double().mT, atol=1e-6)


def test_it_says_how_many_negatives_it_needs():
    assert InfoNce(InfoNceOptions()).negatives == 2
    assert InfoNce(InfoNceOptions(negatives=5)).negatives == 5

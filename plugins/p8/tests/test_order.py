"""The order verifier against an explicit MLP on the concatenation."""

from __future__ import annotations

import math

import pytest
import torch
from lvmctl_p8.options import OrderOptions
from lvmctl_p8.order import OrderVerifier

from lvmctl import Batch, Prediction, Shape
from lvmctl.sphere import unit

DIM = 7
SHAPE = Shape(DIM, 5)


def test_the_verifier_is_an_mlp_on_the_concatenation(random_batch, declared, predictions, step):
    torch.manual_seed(0)
    loss = OrderVerifier(OrderOptions(pairs=3, hidden=11), SHAPE)
    batch = random_batch(6)
    output = loss(Prediction(predictions(6)), declared("order", batch), step)
    weight, bias = loss.hidden.weight.double(), loss.hidden.bias.double()
    out, shift = loss.evidence.weight.double(), loss.evidence.bias.double()
    chunks = torch.cat([batch.context, batch.target[:, None]], dim=1).double()
    losses, right = [[] for _ in range(6)], [[] for _ in range(6)]
    for i in range(6):
        for p in range(3):  # three of the four pairs in the batch
            first, second = batch.order_pairs[i, p].tolist()
            a, b = chunks[i, first], chunks[i, second]
            hidden = (weight @ torch.cat([a, b, a * b, a - b]) + bias).clamp(min=0)
            logit = (out @ hidden + shift).item()
            label = float(second > first)
            chance = 1 / (1 + math.exp(-logit))
            loss_here = -math.log(chance if label else 1 - chance)
            losses[i].append(loss_here)
            right[i].append((logit > 0) == (label == 1))
            assert loss.logit(a.float(), b.float()).item() == pytest.approx(logit, abs=1e-5)
    assert output.terms["order"].tolist() == pytest.approx([sum(x) / 3 for x in losses], abs=1e-5)
    assert output.metrics["order_accuracy"].tolist() == pytest.approx([sum(x) / 3 for x in right])


def test_the_verifier_shares_nothing_with_the_model(random_batch, declared, predictions, step):
    loss = OrderVerifier(OrderOptions(hidden=5), SHAPE)
    q = predictions(3).requires_grad_()
    loss(Prediction(q), declared("order", random_batch(3)), step).terms["order"].mean().backward()
    assert q.grad is None
    assert all(parameter.grad.abs().max() > 0 for parameter in loss.parameters())


def test_the_verifier_learns_which_half_comes_later(step):
    # First chunks lie around one axis and later ones around another: order can be seen.
    torch.manual_seed(0)
    early, late = (unit(torch.randn(64, 4, DIM) + 3 * torch.eye(DIM)[i]) for i in (0, 1))
    chunks = torch.cat([early, late], dim=1)
    turned = torch.rand(64, 4) < 0.5
    places = torch.stack([torch.arange(4), torch.arange(4) + 4], dim=-1).expand(64, -1, -1)
    pairs = torch.where(turned[..., None], places.flip(-1), places)
    fields = {"context": chunks[:, :7], "target": chunks[:, 7], "order_pairs": pairs}
    loss = OrderVerifier(OrderOptions(hidden=16), SHAPE)
    optimizer = torch.optim.Adam(loss.parameters(), 1e-2)
    for _ in range(40):
        optimizer.zero_grad()
        output = loss(Prediction(chunks[:, 0]), Batch(fields), step)
        output.terms["order"].mean().backward()
        optimizer.step()
    assert output.metrics["order_accuracy"].mean() > 0.95
    assert output.terms["order"].mean() < 0.3

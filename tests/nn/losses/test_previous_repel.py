"""The previous-repel hinge against its formula, on both sides of the hinge."""

from __future__ import annotations

import math

import pytest
import torch

from lvmctl import Batch, Prediction
from lvmctl.nn.losses.previous_repel import PreviousRepel
from lvmctl.nn.losses.records import PreviousRepelOptions

DIM = 7


def dot(a: torch.Tensor, b: torch.Tensor) -> float:
    return math.fsum(x * y for x, y in zip(a.tolist(), b.tolist()))


@pytest.mark.parametrize("margin", [0.0, 0.07, 0.3])
def test_previous_repel_is_its_formula(random_batch, declared, predictions, step, margin):
    batch, q = random_batch(9), predictions(9)
    loss = PreviousRepel(PreviousRepelOptions(margin=margin))
    output = loss(Prediction(q), declared("previous-repel", batch), step)
    gaps = [dot(q[i], batch.target[i]) - dot(q[i], batch.last[i]) for i in range(9)]
    assert min(gaps) < margin < max(gaps)
    assert output.terms.keys() == {"margin"}
    expected = [max(0.0, margin - gap) for gap in gaps]
    assert output.terms["margin"].tolist() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("gap", "value", "slope"), [(0.07 - 1e-3, 1e-3, -1), (0.07 + 1e-3, 0, 0), (-1.0, 1.07, -1)]
)
def test_previous_repel_at_the_hinge(step, gap, value, slope):
    # q is the first axis; the target has cosine `gap` to it and last is orthogonal.
    x = torch.tensor([gap], requires_grad=True)
    target = torch.cat([x, (1 - x**2).clamp(min=0).detach().sqrt()])[None]
    batch = Batch({"target": target, "last": torch.tensor([[0.0, 1.0]])})
    q = torch.tensor([[1.0, 0.0]])
    term = PreviousRepel(PreviousRepelOptions())(Prediction(q), batch, step).terms["margin"]
    assert term.item() == pytest.approx(value, abs=1e-6)
    term.sum().backward()
    assert x.grad.item() == slope


def test_previous_repel_ranges_from_nothing_to_margin_plus_two(step):
    axis = torch.eye(DIM)[:1]
    loss = PreviousRepel(PreviousRepelOptions(margin=0.07))
    best = Batch({"target": axis, "last": -axis})
    worst = Batch({"target": -axis, "last": axis})
    assert loss(Prediction(axis), best, step).terms["margin"].item() == 0
    assert loss(Prediction(axis), worst, step).terms["margin"].item() == pytest.approx(2.07)

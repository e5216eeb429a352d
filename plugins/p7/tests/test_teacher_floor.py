"""The teacher floor against its formula."""

from __future__ import annotations

import math

import pytest
import torch
from lvmctl_p7.options import TeacherFloorOptions
from lvmctl_p7.teacher_floor import TeacherFloor

from lvmctl.core.batch import Batch, Prediction
from lvmctl.plugins import Shape

SHAPE = Shape(7, 5)


@pytest.mark.parametrize("size", [1, 2, 9])
@pytest.mark.parametrize("floor", [0.2, -0.3, 0.9])
def test_it_is_the_mean_shortfall(random_batch, declared, predictions, step, size, floor):
    batch, q = random_batch(size), predictions(size)
    loss = TeacherFloor(TeacherFloorOptions(floor=floor), SHAPE)
    found = loss(Prediction(q), declared("teacher-floor", batch), step)
    expected = 0.0
    for own, y, weight in zip(q.tolist(), batch.target.tolist(), batch.weight.tolist()):
        expected += weight * max(0.0, floor - math.fsum(a * b for a, b in zip(own, y)))
    assert found.total.item() == pytest.approx(expected / size, abs=1e-6)
    assert list(found.terms) == ["teacher"]
    assert found.terms["teacher"].item() == found.total.item()


@pytest.mark.parametrize(
    ("cosine", "value"), [(0.0, 0.2), (0.1, 0.1), (0.2, 0.0), (0.25, 0.0), (1.0, 0.0), (-1.0, 1.2)]
)
def test_closed_form(step, cosine, value):
    q = torch.tensor([[cosine, math.sqrt(1 - cosine**2)]], requires_grad=True)
    batch = Batch({"target": torch.tensor([[1.0, 0.0]]), "weight": torch.ones(1)})
    total = TeacherFloor(TeacherFloorOptions(), Shape(2, 5))(Prediction(q), batch, step).total
    assert total.item() == pytest.approx(value, abs=1e-7)
    total.backward()
    if cosine < 0.2:
        assert q.grad.tolist() == [[-1.0, 0.0]]
    if cosine > 0.2:
        assert not q.grad.any()


def test_a_window_weighs_as_its_factor_says(step):
    # Shortfalls are .2 and 1.2.
    target = torch.tensor([[1.0, 0.0], [1.0, 0.0]])
    q = torch.tensor([[0.0, 1.0], [-1.0, 0.0]])
    batch = Batch({"target": target, "weight": torch.tensor([0.25, 0.5])})
    total = TeacherFloor(TeacherFloorOptions(), Shape(2, 5))(Prediction(q), batch, step).total
    assert total.item() == pytest.approx((0.25 * 0.2 + 0.5 * 1.2) / 2)

"""The teacher floor against its formula."""

from __future__ import annotations

import math

import pytest
import torch
from lvmctl_p7.options import TeacherFloorOptions
from lvmctl_p7.teacher_floor import TeacherFloor

from lvmctl import Batch, Prediction


@pytest.mark.parametrize("size", [1, 2, 9])
@pytest.mark.parametrize("floor", [0.2, -0.3, 0.9])
def test_it_is_the_shortfall_of_each_window(random_batch, declared, predictions, step, size, floor):
    batch, q = random_batch(size), predictions(size)
    loss = TeacherFloor(TeacherFloorOptions(floor=floor))
    output = loss(Prediction(q), declared("teacher-floor", batch), step)
    expected = [
        max(0.0, floor - math.fsum(a * b for a, b in zip(row, y)))
        for row, y in zip(q.tolist(), batch.target.tolist())
    ]
    assert list(output.terms) == ["teacher"]
    assert output.terms["teacher"].tolist() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("cosine", "value"), [(0.0, 0.2), (0.1, 0.1), (0.2, 0.0), (0.25, 0.0), (1.0, 0.0), (-1.0, 1.2)]
)
def test_closed_form(step, cosine, value):
    q = torch.tensor([[cosine, math.sqrt(1 - cosine**2)]], requires_grad=True)
    batch = Batch({"target": torch.tensor([[1.0, 0.0]])})
    term = TeacherFloor(TeacherFloorOptions())(Prediction(q), batch, step).terms["teacher"]
    assert term.item() == pytest.approx(value, abs=1e-7)
    term.sum().backward()
    if cosine < 0.2:
        assert q.grad.tolist() == [[-1.0, 0.0]]
    if cosine > 0.2:
        assert not q.grad.any()

"""What holds for each of P7's losses: finite everywhere."""

from __future__ import annotations

import pytest
import torch
from lvmctl_p7.anchor_floor import AnchorFloor
from lvmctl_p7.infonce import InfoNce
from lvmctl_p7.plugin import lvmctl_losses
from lvmctl_p7.teacher_floor import TeacherFloor

from lvmctl.core.batch import Batch, Prediction
from lvmctl.plugins import Shape
from lvmctl.sphere import unit

DIM = 7
SHAPE = Shape(DIM, 5)
RECORDS = {record.name: record for record in lvmctl_losses()}
CLASSES = {"infonce": InfoNce, "teacher-floor": TeacherFloor, "anchor-floor": AnchorFloor}


def test_all_are_here():
    assert CLASSES.keys() == RECORDS.keys()


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("size", [1, 3])
@pytest.mark.parametrize("case", ["same", "opposite", "orthogonal"])
@pytest.mark.parametrize("bf16", [False, True])
def test_loss_and_gradient_are_finite(declared, step, name, size, case, bf16):
    axis, other = torch.eye(DIM)[:1], torch.eye(DIM)[1:2]
    raw = axis.repeat(size, 1).requires_grad_()
    target = {"same": axis, "opposite": -axis, "orthogonal": other}[case].repeat(size, 1)
    fields = {
        "context": target[:, None].repeat(1, 5, 1),
        "target": target,
        "last": axis.repeat(size, 1),
        "weight": torch.ones(size),
        "negatives": target[:, None].repeat(1, 2, 1),
        "negative_mask": torch.zeros(size, 2, dtype=torch.bool),
        "in_batch_mask": torch.zeros(size, size, dtype=torch.bool),
    }
    loss = CLASSES[name](RECORDS[name].options(), SHAPE)
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
        output = loss(Prediction(unit(raw), raw=raw), declared(name, Batch(fields)), step)
    assert output.total.dtype == torch.float32
    assert output.total.shape == ()
    assert torch.isfinite(output.total)
    assert all(torch.isfinite(value) for value in (output.terms | output.metrics).values())
    output.total.backward()
    assert torch.isfinite(raw.grad).all()
    assert raw.grad.any() or case != "orthogonal"


@pytest.mark.parametrize("name", CLASSES)
def test_a_batch_without_weight_teaches_nothing(random_batch, declared, step, name):
    raw = torch.randn(4, DIM, requires_grad=True)
    batch = random_batch(4)
    batch = declared(name, batch.having(weight=torch.zeros(4)))
    total = CLASSES[name](RECORDS[name].options(), SHAPE)(
        Prediction(unit(raw), raw=raw), batch, step
    ).total
    total.backward()
    assert total == 0
    assert not raw.grad.any()

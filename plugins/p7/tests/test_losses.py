"""What holds for each of P7's losses: finite everywhere."""

from __future__ import annotations

import pytest
import torch
from lvmctl_p7.anchor_floor import AnchorFloor
from lvmctl_p7.infonce import InfoNce
from lvmctl_p7.plugin import lvmctl_losses
from lvmctl_p7.teacher_floor import TeacherFloor

from lvmctl import Batch, Prediction
from lvmctl.sphere import unit

DIM = 7
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
        "negatives": target[:, None].repeat(1, 2, 1),
        "negative_mask": torch.zeros(size, 2, dtype=torch.bool),
        "in_batch_mask": torch.zeros(size, size, dtype=torch.bool),
    }
    loss = CLASSES[name](RECORDS[name].options())
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
        output = loss(Prediction(unit(raw), raw=raw), declared(name, Batch(fields)), step)
    (term,) = output.terms.values()
    assert term.dtype == torch.float32
    assert term.shape == (size,)
    assert torch.isfinite(term).all()
    assert output.metrics == {}
    term.mean().backward()
    assert torch.isfinite(raw.grad).all()
    assert raw.grad.any() or case != "orthogonal"

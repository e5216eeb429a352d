"""What holds for each of P8's losses: finite everywhere, and it says how much it needs."""

from __future__ import annotations

import pytest
import torch
from lvmctl_p8.listwise import Listwise
from lvmctl_p8.order import OrderVerifier
from lvmctl_p8.plugin import lvmctl_losses

from lvmctl import Batch, Prediction, Shape
from lvmctl.registry.build import construct
from lvmctl.sphere import unit

DIM = 7
SHAPE = Shape(DIM, 5)
RECORDS = {record.name: record for record in lvmctl_losses()}
CLASSES = {"listwise": Listwise, "order": OrderVerifier}


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("size", [1, 3])
@pytest.mark.parametrize("case", ["same", "opposite", "orthogonal"])
@pytest.mark.parametrize("bf16", [False, True])
def test_loss_and_gradient_are_finite(declared, step, name, size, case, bf16):
    axis, other = torch.eye(DIM)[:1], torch.eye(DIM)[1:2]
    raw = axis.repeat(size, 1).requires_grad_()
    target = {"same": axis, "opposite": -axis, "orthogonal": other}[case].repeat(size, 1)
    fields = {
        "target": target,
        "last": axis.repeat(size, 1),
        "negatives": target[:, None].repeat(1, 2, 1),
        "negative_mask": torch.zeros(size, 2, dtype=torch.bool),
        "in_batch_mask": torch.zeros(size, size, dtype=torch.bool),
        "context": axis.repeat(size, 5, 1),
        "order_pairs": torch.tensor([[0, 5], [5, 1], [2, 3], [4, 5]]).repeat(size, 1, 1),
    }
    record = RECORDS[name]
    options = record.options(in_batch=4) if name == "listwise" else record.options()
    loss = construct(CLASSES[name], options=options, shape=SHAPE)
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
        output = loss(Prediction(unit(raw)), declared(name, Batch(fields)), step)
    (term,) = output.terms.values()
    assert term.dtype == torch.float32
    values = (term, *output.metrics.values())
    assert all(value.shape == (size,) and torch.isfinite(value).all() for value in values)
    term.mean().backward()
    found = [raw.grad] if raw.grad is not None else [p.grad for p in loss.parameters()]
    assert found
    assert all(torch.isfinite(gradient).all() for gradient in found)
    assert any(gradient.any() for gradient in found) or case != "orthogonal"


@pytest.mark.parametrize("name", CLASSES)
def test_a_loss_says_how_much_it_needs(name):
    # The batch is built from these: negatives and pairs per window.
    loss = construct(CLASSES[name], options=RECORDS[name].options(), shape=SHAPE)
    asked = {key: getattr(loss, key) for key in ("negatives", "order_pairs") if hasattr(loss, key)}
    expected = {"listwise": {"negatives": 2}, "order": {"order_pairs": 2}}
    assert asked == expected.get(name, {})

"""The anchor penalty against its formula."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from lvmctl_p7.anchor_floor import AnchorFloor
from lvmctl_p7.options import AnchorFloorOptions

from lvmctl import Batch, Prediction


@pytest.mark.parametrize("size", [1, 2, 9])
@pytest.mark.parametrize("floor", [0.5, -0.2, 0.9])
def test_it_is_the_shortfall_of_each_window(random_batch, declared, predictions, step, size, floor):
    batch, q = random_batch(size), predictions(size)
    raw = predictions(size).flip(1) * torch.arange(1.0, size + 1)[:, None]
    loss = AnchorFloor(AnchorFloorOptions(floor=floor))
    output = loss(Prediction(q, raw=raw), declared("anchor-floor", batch), step)
    expected = []
    for row, chunks in zip(raw, batch.context):
        mean = chunks.double().numpy().mean(axis=0)
        row = row.double().numpy()
        rho = row @ mean / np.linalg.norm(row) / np.linalg.norm(mean)
        expected.append(max(0.0, floor - rho))
    assert list(output.terms) == ["anchor"]
    assert output.terms["anchor"].tolist() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("rho", "value"), [(0.0, 0.5), (0.4, 0.1), (0.51, 0.0), (1.0, 0.0), (-1.0, 1.5)]
)
def test_closed_form(step, rho, value):
    raw = (7 * torch.tensor([[rho, math.sqrt(1 - rho**2)]])).requires_grad_()
    context = torch.tensor([[[0.6, 0.8], [0.6, -0.8]]])  # its centroid is the first axis
    loss = AnchorFloor(AnchorFloorOptions())
    output = loss(Prediction(raw.detach(), raw=raw), Batch({"context": context}), step)
    term = output.terms["anchor"]
    assert term.item() == pytest.approx(value, abs=1e-6)
    term.sum().backward()
    # Along the sphere ρ has slope √(1 - ρ²): none at its ends.
    assert bool(raw.grad.abs().max() > 1e-3) == (-1 < rho < 0.5)

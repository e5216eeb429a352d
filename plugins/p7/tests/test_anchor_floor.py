"""The anchor penalty against its formula."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from lvmctl_p7.anchor_floor import AnchorFloor
from lvmctl_p7.options import AnchorFloorOptions

from lvmctl.core.batch import Batch, Prediction
from lvmctl.plugins import Shape

SHAPE = Shape(7, 5)


@pytest.mark.parametrize("size", [1, 2, 9])
@pytest.mark.parametrize("floor", [0.5, -0.2, 0.9])
def test_it_is_the_mean_shortfall(random_batch, declared, predictions, step, size, floor):
    batch, q = random_batch(size), predictions(size)
    raw = predictions(size).flip(1) * torch.arange(1.0, size + 1)[:, None]
    loss = AnchorFloor(AnchorFloorOptions(floor=floor), SHAPE)
    found = loss(Prediction(q, raw=raw), declared("anchor-floor", batch), step)
    expected = 0.0
    for own, chunks, weight in zip(raw, batch.context, batch.weight.tolist()):
        mean = chunks.double().numpy().mean(axis=0)
        own = own.double().numpy()
        rho = own @ mean / np.linalg.norm(own) / np.linalg.norm(mean)
        expected += weight * max(0.0, floor - rho)
    assert found.total.item() == pytest.approx(expected / size, abs=1e-6)
    assert list(found.terms) == ["anchor"]
    assert found.terms["anchor"].item() == found.total.item()


@pytest.mark.parametrize(
    ("rho", "value"), [(0.0, 0.5), (0.4, 0.1), (0.51, 0.0), (1.0, 0.0), (-1.0, 1.5)]
)
def test_closed_form(step, rho, value):
    raw = (7 * torch.tensor([[rho, math.sqrt(1 - rho**2)]])).requires_grad_()
    context = torch.tensor([[[0.6, 0.8], [0.6, -0.8]]])  # its centroid is the first axis
    batch = Batch({"context": context, "weight": torch.ones(1)})
    loss = AnchorFloor(AnchorFloorOptions(), Shape(2, 2))
    total = loss(Prediction(raw.detach(), raw=raw), batch, step).total
    assert total.item() == pytest.approx(value, abs=1e-6)
    total.backward()
    # Along the sphere ρ has slope √(1 - ρ²): none at its ends.
    assert bool(raw.grad.abs().max() > 1e-3) == (-1 < rho < 0.5)


def test_a_window_weighs_as_its_factor_says(step):
    # Shortfalls are .5 and 1.5.
    context = torch.tensor([[[1.0, 0.0]], [[1.0, 0.0]]])
    raw = torch.tensor([[0.0, 2.0], [-3.0, 0.0]])
    batch = Batch({"context": context, "weight": torch.tensor([0.25, 0.5])})
    loss = AnchorFloor(AnchorFloorOptions(), Shape(2, 1))
    total = loss(Prediction(raw, raw=raw), batch, step).total
    assert total.item() == pytest.approx((0.25 * 0.5 + 0.5 * 1.5) / 2)

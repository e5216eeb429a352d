"""What every loss must keep, and the formula of this one."""

import math

import pytest
import torch
from lvmctl_example_loss.loss import Geodesic

from lvmctl.core.batch import Batch, Prediction
from lvmctl.testing import parametrize_with_checks


@parametrize_with_checks("example")
def test_conformance(check):
    check()


def test_the_mean_angle():
    # In the plane the angle to (1, 0) is the one that a vector was turned by.
    angles, weights = [0.0, 0.5, -2.0, math.pi], [1.0, 0.5, 2.0, 1.0]
    turned = torch.tensor([[math.cos(angle), math.sin(angle)] for angle in angles])
    target = torch.tensor([[1.0, 0.0]]).repeat(4, 1)
    batch = Batch({"target": target, "weight": torch.tensor(weights)})
    found = Geodesic(None, None)(Prediction(turned), batch, None)
    expected = sum(weight * abs(angle) for weight, angle in zip(weights, angles)) / 4
    assert found.total.item() == pytest.approx(expected, abs=1e-6)

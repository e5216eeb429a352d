"""What every loss must keep, and the formula of this one."""

import math

import pytest
import torch
from lvmctl_example_loss.loss import Geodesic

from lvmctl import Batch, Prediction
from lvmctl.testing import parametrize_with_checks


@parametrize_with_checks("example")
def test_conformance(check):
    check()


def test_the_angle_of_each_window():
    # In the plane the angle to (1, 0) is the one that a vector was turned by.
    angles = [0.0, 0.5, -2.0, math.pi]
    turned = torch.tensor([[math.cos(angle), math.sin(angle)] for angle in angles])
    target = torch.tensor([[1.0, 0.0]]).repeat(4, 1)
    values = Geodesic()(Prediction(turned), Batch({"target": target}), None)
    assert values.tolist() == pytest.approx([abs(angle) for angle in angles], abs=1e-6)

"""The directional gate: which windows weigh less, and how much."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from lvmctl_p7.directional_gate import DirectionalGate
from lvmctl_p7.options import DirectionalGateOptions
from lvmctl_p7.plugin import lvmctl_gates

from lvmctl import Batch
from lvmctl.sphere import unit

NEEDS = lvmctl_gates()[0].needs


def batch_of(target, last, second_last) -> Batch:
    fields = {"target": target, "last": last, "second_last": second_last}
    return Batch(fields).only(NEEDS, "gate directional-gate")


def at_difference(next_cosine: float, before_cosine: float) -> Batch:
    """One window with these cosines of last to the target and to second_last, in float64."""

    def turned(cosine: float) -> torch.Tensor:
        return torch.tensor([[cosine, math.sqrt(1 - cosine**2)]], dtype=torch.float64)

    return batch_of(turned(next_cosine), turned(1.0), turned(before_cosine))


@pytest.mark.parametrize(
    ("next_cosine", "before_cosine", "weight"),
    [
        (0.5, 0.5, 0.25),
        (0.5, 0.9, 0.25),
        (0.529, 0.5, 0.25),
        (0.531, 0.5, 1.0),
        (0.9, 0.5, 1.0),
        (-0.5, -0.9, 1.0),
        (-0.9, -0.5, 0.25),
    ],
)
def test_a_window_that_moves_on_less_weighs_a_quarter(next_cosine, before_cosine, weight):
    gate = DirectionalGate(DirectionalGateOptions())
    assert gate(at_difference(next_cosine, before_cosine)).tolist() == [weight]


@pytest.mark.parametrize("threshold", [0.0, 0.25, -0.5])
def test_the_threshold_itself_has_full_weight(threshold):
    # Cosines .5 + threshold and .5: their difference is exact in binary.
    batch = at_difference(0.5 + threshold, 0.5)

    def weight(bound: float) -> float:
        options = DirectionalGateOptions(threshold=bound, weight=0.125)
        return DirectionalGate(options)(batch).item()

    assert weight(threshold) == 1.0
    assert weight(math.nextafter(threshold, 2.0)) == 0.125
    assert weight(math.nextafter(threshold, -2.0)) == 1.0


@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**32),
    size=st.integers(1, 9),
    dim=st.integers(2, 9),
    threshold=st.floats(-0.5, 0.5),
    weight=st.floats(0, 1),
)
def test_weights_are_those_of_the_definition(seed, size, dim, threshold, weight):
    rng = np.random.default_rng(seed)
    target, last, before = unit(torch.from_numpy(rng.standard_normal((3, size, dim)))).float()
    options = DirectionalGateOptions(threshold=threshold, weight=weight)
    weights = DirectionalGate(options)(batch_of(target, last, before))
    assert weights.shape == (size,)
    assert weights.dtype == torch.float32
    for i in range(size):
        to_next = math.fsum((last[i].double() * target[i].double()).tolist())
        to_before = math.fsum((last[i].double() * before[i].double()).tolist())
        assert weights[i].item() in (np.float32(weight), 1.0)
        if abs(to_next - to_before - threshold) > 1e-6:  # else rounding decides
            light = to_next - to_before < threshold
            assert weights[i].item() == (np.float32(weight) if light else 1.0)


def test_weights_are_no_path_for_gradients():
    target = unit(torch.randn(4, 3)).requires_grad_()
    last, before = unit(torch.randn(2, 4, 3))
    gate = DirectionalGate(DirectionalGateOptions())
    assert not gate(batch_of(target, last, before)).requires_grad

"""Checks of inputs for which losses must stay finite."""

from __future__ import annotations

import math

import pytest
import torch

from lvmctl import LossOutput
from lvmctl.core.errors import UsageError
from lvmctl.sphere import cosine

from sound_loss import Sound, faults, outcomes  # isort: skip


class Refusing(Sound):
    def __init__(self, options, shape):
        super().__init__(options, shape)
        if shape.context_length == 1:
            raise UsageError("a window of one chunk is too short")


class Logarithm(Sound):
    """Infinite where a prediction is opposite to its target."""

    def each(self, prediction, batch, step):
        return -torch.log1p(cosine(prediction.q, batch.target))


class Root(Sound):
    """Finite everywhere; its gradient at the target is not."""

    def each(self, prediction, batch, step):
        return (prediction.q - batch.target).square().sum(-1).sqrt()


class Ending(Sound):
    """Infinite in the last epoch."""

    def each(self, prediction, batch, step):
        return super().each(prediction, batch, step) / (1 - step.epoch / step.epochs)


class Crowded(Sound):
    def each(self, prediction, batch, step):
        return super().each(prediction, batch, step) + torch.zeros(64)[: len(batch)]


class Overflowing(Sound):
    def each(self, prediction, batch, step):
        return super().each(prediction, batch, step) * (math.inf if len(batch) > 64 else 1)


class Spread(Sound):
    """The standard deviation of one window is NaN."""

    def forward(self, prediction, batch, step):
        far = self.each(prediction, batch, step)
        spread = cosine(prediction.q, batch.target).std()
        return LossOutput({"far": far, "spread": 0.01 * spread.expand(len(far))})


class Float32Only(Sound):
    def each(self, prediction, batch, step):
        with torch.autocast("cpu", enabled=False):
            return 1 - torch.einsum("bd,bd->b", prediction.q, batch.target)


class LooksBack(Sound):
    """Shapes it cannot take are not refused."""

    def each(self, prediction, batch, step):
        return 2 + cosine(prediction.q, 0.1 * batch.context[:, -2] - batch.target)


class Narrow(Sound):
    def each(self, prediction, batch, step):
        return super().each(prediction, batch, step) * (math.nan if self.shape.dim > 512 else 1)


SOUND = [(Refusing, {})]

BROKEN = [
    (Logarithm, {}, "finite_for_every_prediction", "kind = opposite"),
    (Root, {}, "finite_for_every_prediction", "gradient of q"),
    (Ending, {}, "finite_for_every_prediction", "NaN or infinite in epoch 20 of 20: total"),
    (Crowded, {}, "finite_for_every_prediction", "size = 65"),
    (Overflowing, {}, "finite_for_every_prediction", "size = 65"),
    (Spread, {}, "finite_for_tiny_batches", "batch of 1"),
    (Float32Only, {}, "finite_in_bf16", "of bf16"),
    (LooksBack, {"needs": ("context", "target")}, "fits_every_shape", "context_length=1"),
    (Narrow, {}, "scale_is_known", "at D = 768"),
]

ALSO = {Logarithm: {"finite_in_bf16"}, Root: {"finite_in_bf16"}}
"""The same predictions are tried in bf16."""


@pytest.mark.parametrize(("loss", "declared"), SOUND)
def test_a_sound_loss_passes(loss, declared):
    assert faults(loss, **declared) == {}


@pytest.mark.parametrize(("loss", "declared", "check", "says"), BROKEN)
def test_a_broken_loss_fails_the_check_of_its_rule(loss, declared, check, says):
    found = faults(loss, **declared)
    assert found.keys() == {check} | ALSO.get(loss, set())
    assert says in found[check]


def test_the_scale_is_that_of_the_loss():
    """1 - cos is .5 where cos is .5, and its gradient is -y, of norm 1."""
    assert outcomes(Sound)["scale_is_known"].why == (
        "total 0.5, gradient 1 for ordinary predictions; "
        "total 1, gradient 1 for orthogonal predictions; D = 768"
    )

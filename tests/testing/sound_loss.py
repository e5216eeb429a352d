"""Losses that keep every rule of the conformance kit; a test breaks one rule of one of them."""

from __future__ import annotations

import torch
from torch import nn

from lvmctl.registry.specs import LossSpec
from lvmctl.sphere import cosine


class Sound(nn.Module):
    """1 - cos(q, y)."""

    def __init__(self, options, shape):
        super().__init__()
        self.shape = shape

    def each(self, prediction, batch, step):
        return 1 - cosine(prediction.q, batch.target)

    def forward(self, prediction, batch, step):
        return self.each(prediction, batch, step)


class Verifier(Sound):
    """It trains itself and reads no prediction."""

    def __init__(self, options, shape):
        super().__init__(options, shape)
        self.reader = nn.Linear(shape.dim, 1)

    def each(self, prediction, batch, step):
        return torch.sigmoid(self.reader(batch.target).squeeze(-1))


def record(loss: type, **details) -> LossSpec:
    """The record of a loss."""
    target = f"{loss.__module__}:{loss.__name__}"
    return LossSpec(name="far", summary="How far.", target=target, **details)

"""Losses that keep every rule of the conformance kit; a test breaks one rule of one of them."""

from __future__ import annotations

from collections.abc import Callable

import torch
from testing.judged import address, but
from torch import Tensor, nn

from lvmctl.registry.specs import LossSpec
from lvmctl.sphere import cosine


def far(prediction, batch) -> Tensor:
    """1 - cos(q, y)."""
    return 1 - cosine(prediction.q, batch.target)


class Sound(nn.Module):
    """:func:`far`."""

    def __init__(self, options, shape):
        super().__init__()
        self.shape = shape

    def each(self, prediction, batch, step):
        return far(prediction, batch)

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
    return LossSpec(name="far", summary="How far.", target=address(loss), **details)


def each(values: Callable[..., Tensor], **details) -> LossSpec:
    """The record of a loss that says ``values(prediction, batch)`` of each window."""
    return record(but(Sound, each=lambda self, p, b, step: values(p, b)), **details)

"""A sound loss, which tests break in one way each, and how the conformance kit judges it."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from lvmctl.registry.specs import LossSpec
from lvmctl.sphere import cosine
from lvmctl.testing.checks.loss import CHECKS
from lvmctl.testing.conformance import Outcome

from judged import failures, judged  # isort: skip


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


def outcomes(loss: type, **declared: Any) -> dict[str, Outcome]:
    """How every check of losses ends for ``loss``, whose record says what is ``declared``."""
    target = f"{loss.__module__}:{loss.__name__}"
    return judged(LossSpec(name="far", summary="How far.", target=target, **declared), CHECKS)


def faults(loss: type, **declared: Any) -> dict[str, str]:
    """Why checks of losses failed, by name."""
    return failures(outcomes(loss, **declared))

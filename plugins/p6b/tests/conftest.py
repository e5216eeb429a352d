"""Random batches in memory with the fields that P6b reads."""

from __future__ import annotations

import pytest
import torch
from lvmctl_p6b.plugin import lvmctl_losses

from lvmctl import Batch, Prediction, Step
from lvmctl.sphere import unit


def _batch(target: torch.Tensor, second_last: torch.Tensor):
    fields = {"target": target, "second_last": second_last}
    return Batch(fields).only(lvmctl_losses()[0].needs, "loss directional")


@pytest.fixture(scope="session")
def make_batch():
    """``make_batch(target, second_last)``: what training shows the loss."""
    return _batch


@pytest.fixture(scope="session")
def text():
    """``text(size, dim=8, seed=0)``: a prediction and a batch whose chunks resemble each other."""

    def make(size: int, dim: int = 8, seed: int = 0) -> tuple[Prediction, Batch]:
        generator = torch.Generator().manual_seed(seed)

        def noise() -> torch.Tensor:
            return torch.randn(size, dim, generator=generator)

        topic = 1.5 * noise()
        raw = topic + noise()
        batch = _batch(unit(topic + noise()), unit(topic + noise()))
        return Prediction(q=unit(raw), raw=raw), batch

    return make


@pytest.fixture(scope="session")
def at():
    """``at(epoch)``: the first step of an epoch."""
    return lambda epoch=1: Step(epoch=epoch, index=0, epochs=12, steps_per_epoch=3)

"""Random batches in memory with every field, and small trainings."""

from __future__ import annotations

import pytest
import torch
from lvmctl_p7.plugin import lvmctl_losses

from lvmctl import Batch, Step
from lvmctl.sphere import unit
from lvmctl.testing import random_batch


@pytest.fixture(scope="session", name="random_batch")
def _batches():
    """``random_batch(size, dim=7, k=5, negatives=4, seed=0)``: windows of random articles."""

    def make(size: int, dim: int = 7, k: int = 5, negatives: int = 4, seed: int = 0) -> Batch:
        return random_batch(size, dim, k, negatives=negatives, seed=seed)

    return make


@pytest.fixture(scope="session")
def predictions():
    """``predictions(size, dim=7)``: unit vectors."""

    def make(size: int, dim: int = 7) -> torch.Tensor:
        return unit(torch.randn(size, dim, generator=torch.Generator().manual_seed(1)))

    return make


@pytest.fixture(scope="session")
def declared():
    """``declared(loss, batch)``: what training shows a loss, only what its record declares."""
    needs = {record.name: record.needs for record in lvmctl_losses()}
    return lambda name, batch: batch.only(needs[name], f"loss {name}")


@pytest.fixture(scope="session")
def step() -> Step:
    return Step(epoch=1, index=0, epochs=10, steps_per_epoch=3)

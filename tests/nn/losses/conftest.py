"""Random batches in memory with the fields core's losses read."""

from __future__ import annotations

import pytest
import torch

from lvmctl import Batch, Step
from lvmctl.nn.losses.records import LOSSES
from lvmctl.sphere import unit


def _random_batch(size: int, dim: int = 7, k: int = 5, seed: int = 0) -> Batch:
    generator = torch.Generator().manual_seed(seed)

    def chunks(*shape: int) -> torch.Tensor:
        return unit(torch.randn(*shape, dim, generator=generator))

    context = chunks(size, k)
    return Batch(
        {
            "context": context,
            "target": chunks(size),
            "last": context[:, -1],
        }
    )


@pytest.fixture(scope="session")
def random_batch():
    """``random_batch(size, dim=7, k=5, seed=0)``: unit chunks."""
    return _random_batch


@pytest.fixture(scope="session")
def predictions():
    """``predictions(size, dim=7)``: unit vectors."""

    def make(size: int, dim: int = 7) -> torch.Tensor:
        return unit(torch.randn(size, dim, generator=torch.Generator().manual_seed(1)))

    return make


@pytest.fixture(scope="session")
def declared():
    """``declared(loss, batch)``: what training shows a loss, only what its record declares."""
    needs = {record.name: record.needs for record in LOSSES}
    return lambda name, batch: batch.only(needs[name], f"loss {name}")


@pytest.fixture(scope="session")
def step() -> Step:
    return Step(epoch=1, index=0, epochs=10, steps_per_epoch=3)

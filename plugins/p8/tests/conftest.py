"""Random batches in memory with every field."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from lvmctl_p8.pairs import order_pairs
from lvmctl_p8.plugin import lvmctl_losses

from lvmctl import Batch, Split, Step
from lvmctl.sphere import unit
from lvmctl.testing import random_batch


@pytest.fixture(scope="session", name="random_batch")
def _batches():
    """``random_batch(size, dim=7, k=5, negatives=6, seed=0)``: windows of random articles."""

    def make(size: int, dim: int = 7, k: int = 5, negatives: int = 6, seed: int = 0) -> Batch:
        fields = {"order_pairs": order_pairs}
        return random_batch(
            size, dim, k, negatives=negatives, seed=seed, fields=fields, order_pairs=4
        )

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


@pytest.fixture(scope="session")
def split_of():
    """``split_of(vectors, lengths)``: a split of articles that lie one after another."""

    def make(vectors: np.ndarray, lengths: Sequence[int]) -> Split:
        lengths = np.array(lengths, np.int64)
        starts = np.cumsum(lengths) - lengths
        articles = [{"id": number} for number in range(len(lengths))]
        return Split(vectors, starts, lengths, articles, "made", source={})

    return make

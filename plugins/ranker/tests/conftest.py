"""Contexts and pools of unit chunks."""

from __future__ import annotations

import pytest
import torch

from lvmctl import Pool
from lvmctl.sphere import unit


@pytest.fixture(scope="session")
def article():
    """``article(chunks, dim=6, k=3, seed=0)``: every window of an article of unit chunks around a
    topic: contexts (B, K, D), a pool whose candidates are outside the window, and the positions of
    the targets."""

    def make(chunks: int, dim: int = 6, k: int = 3, seed: int = 0) -> tuple:
        generator = torch.Generator().manual_seed(seed)
        noise = torch.randn(chunks + 1, dim, generator=generator, dtype=torch.float64)
        vectors = unit(noise[1:] + noise[0])
        inside = torch.arange(chunks - k)[:, None] + torch.arange(k)
        candidates = torch.ones(len(inside), chunks, dtype=torch.bool).scatter(1, inside, False)
        return vectors[inside], Pool(vectors, candidates), inside[:, -1] + 1

    return make

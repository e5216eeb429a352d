"""Windows of chunks for the tests of geometry, from independent to nearly alike and repeated."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import strategies as st

from lvmctl.sphere import unit


@st.composite
def contexts(draw, smallest=1):
    """(B, K, D) float32 unit chunks, from independent to nearly alike, and the generator."""
    batch, k = draw(st.integers(1, 4)), draw(st.integers(smallest, 7))
    dim = draw(st.sampled_from([2, 3, 5, 16, 129]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    common = rng.standard_normal((batch, 1, dim)) * draw(st.sampled_from([0.0, 0.5, 1.0, 5.0]))
    return unit(torch.from_numpy(rng.standard_normal((batch, k, dim)) + common)).float(), rng


@st.composite
def repetitive(draw):
    """Contexts in which chunks are repeated, opposite and orthogonal, and the generator."""
    context, rng = draw(contexts())
    batch, k, dim = context.shape
    axes = torch.eye(dim)[: draw(st.integers(0, 2))].expand(batch, -1, -1)
    pool = torch.cat([context[:, : draw(st.integers(1, k))], axes], dim=1)
    chosen = torch.from_numpy(rng.integers(0, pool.shape[1], k))
    signs = torch.from_numpy(rng.choice([-1.0, 1.0, 1.0], (batch, k, 1))).float()
    return pool[:, chosen] * signs, rng


def targets(rng: np.random.Generator, context: torch.Tensor) -> torch.Tensor:
    """Unit y (B, D), anywhere."""
    return unit(torch.from_numpy(rng.standard_normal((len(context), context.shape[2]))))


def simplex(rng: np.random.Generator, *shape: int) -> torch.Tensor:
    """Random weights, some of them nearly one-hot."""
    return torch.from_numpy(rng.standard_normal(shape) * 3).softmax(-1).float()

"""Splits made of given rows."""

from __future__ import annotations

import numpy as np

from lvmctl.data import Split
from lvmctl.data.store.arrays import unit64


def split_of(vectors: np.ndarray, lengths: list[int]) -> Split:
    """A split whose articles lie one after another."""
    lengths = np.array(lengths, np.int64)
    return Split(
        vectors=np.asarray(vectors, np.float32),
        starts=np.cumsum(lengths) - lengths,
        lengths=lengths,
        articles=[{"id": i} for i in range(len(lengths))],
        name="made",
        source={},
    )


def sphere(count: int, dim: int, seed: int = 0) -> np.ndarray:
    """Uniform on the sphere."""
    return unit64(np.random.default_rng(seed).standard_normal((count, dim)))

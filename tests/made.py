"""Splits made of given rows."""

from __future__ import annotations

import numpy as np

from lvmctl.data import Split
from lvmctl.data.store.arrays import unit64


def split_of(vectors: np.ndarray, lengths: list[int], dtype: str = "float32", **more) -> Split:
    """A split whose articles lie one after another; ``more`` are fields of it."""
    lengths = np.array(lengths, np.int64)
    return Split(
        vectors=np.asarray(vectors, dtype),
        starts=np.cumsum(lengths) - lengths,
        lengths=lengths,
        **{"articles": [{"id": i} for i in range(len(lengths))], "name": "made", "source": {}}
        | more,
    )


def sphere(count: int, dim: int, seed: int = 0) -> np.ndarray:
    """Uniform on the sphere."""
    return unit64(np.random.default_rng(seed).standard_normal((count, dim)))


def turned(x: np.ndarray, cosine: float, rng: np.random.Generator) -> np.ndarray:
    """A unit vector at ``cosine`` from the unit vector ``x`` (D,)."""
    u = rng.standard_normal(x.shape)
    u -= (u @ x) * x
    return cosine * x + np.sqrt(1 - cosine**2) * u / np.linalg.norm(u)

"""What knows nothing."""

from __future__ import annotations

import hashlib

import numpy as np
import torch
from torch import Tensor

from lvmctl.baselines.options import RandomOptions
from lvmctl.registry.specs import Shape
from lvmctl.sphere import unit


class Random:
    """q uniform on the sphere. The same window and seed always get the same direction.

    The window's bytes only seed the draw, so q has nothing to do with where its chunks point.
    """

    def __init__(self, options: RandomOptions, shape: Shape) -> None:
        self.key = options.seed.to_bytes(8, "little")

    def __call__(self, context: Tensor) -> Tensor:
        """(B, K, D) → (B, D)."""
        rows = np.ascontiguousarray(context.cpu().numpy())
        q = np.stack([self.draw(row) for row in rows])
        return unit(torch.from_numpy(q)).to(context)

    def draw(self, window: np.ndarray) -> np.ndarray:
        """A normal vector (D,) for the window (K, D)."""
        digest = hashlib.blake2b(window, digest_size=16, key=self.key).digest()
        generator = np.random.Generator(np.random.Philox(key=int.from_bytes(digest, "little")))
        return generator.standard_normal(window.shape[1])

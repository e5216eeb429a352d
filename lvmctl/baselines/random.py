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
        windows = np.ascontiguousarray(context.cpu().numpy())
        q = np.empty((len(windows), windows.shape[-1]))
        # One generator with another key for each window: to make a new one takes twice as long.
        philox = np.random.Philox(key=0)
        generator, state = np.random.Generator(philox), philox.state
        for window, drawn in zip(windows, q):
            digest = hashlib.blake2b(window, digest_size=16, key=self.key).digest()
            state["state"]["key"] = np.frombuffer(digest, "<u8")
            philox.state = state
            generator.standard_normal(out=drawn)
        return unit(torch.from_numpy(q)).to(context)

"""The best exponential average of the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from lvmctl.baselines.grams import grams
from lvmctl.registry.record import NoOptions
from lvmctl.registry.specs import Shape
from lvmctl.sphere import unit

if TYPE_CHECKING:
    from lvmctl.data.windows import Windows

STEPS = 50
"""Decays tried on either pass: 1/50 apart, then 1/1250 apart around the best."""


class Ema:
    """q = normalise(Σ w_i c_i), w_i ∝ decay^age with age 0 for x_last (docs/methods.md#protocol).

    The decay in [0, 1] is that of the highest mean cosine to the training targets: 0 is
    ``direct``, 1 is ``centroid``.
    """

    def __init__(self, options: NoOptions, shape: Shape) -> None:
        self.age = np.arange(shape.context_length)[::-1]
        self.decay = 1.0

    def fit(self, windows: Windows) -> Ema:
        """Try decays over all ``windows``: evenly spaced ones, then finer beside the best."""
        even = np.linspace(0, 1, STEPS + 1)
        best = even[self.mean_cosine(windows, even).argmax()]
        fine = np.linspace(best - 1 / STEPS, best + 1 / STEPS, STEPS + 1).clip(0, 1)
        self.decay = float(fine[self.mean_cosine(windows, fine).argmax()])
        return self

    def mean_cosine(self, windows: Windows, decays: np.ndarray) -> np.ndarray:
        """Mean cosine of the average to the target, for each of ``decays`` (N,) → (N,)."""
        weights = decays[:, None] ** self.age
        pairs = (weights[:, :, None] * weights[:, None, :]).reshape(len(decays), -1)
        total = np.zeros(len(decays))
        for block in grams(windows):
            dot = block.target @ weights.T
            square = block.chunks.reshape(len(dot), -1) @ pairs.T
            size = np.sqrt(square.clip(0)) * block.size[:, None]
            total += np.divide(dot, size, out=np.zeros_like(dot), where=size > 0).sum(axis=0)
        return total / len(windows)

    def estimate(self, context: Tensor) -> Tensor:
        """The weighted mean of (B, K, D) → (B, D)."""
        weights = self.decay**self.age
        weights = torch.from_numpy(weights / weights.sum()).to(context)
        return (weights[:, None] * context).sum(dim=-2)

    def __call__(self, context: Tensor) -> Tensor:
        """(B, K, D) → (B, D)."""
        return unit(self.estimate(context))

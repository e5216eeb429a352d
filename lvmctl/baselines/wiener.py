"""The best scalar weighting of the window."""

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


class Wiener:
    """q = normalise(Σ w_i c_i), w minimising the mean of ‖y - Σ w_i c_i‖²
    (docs/methods.md#protocol).

    The weights may be negative: it is the linear optimum inside the span, not the cone.
    """

    def __init__(self, options: NoOptions, shape: Shape) -> None:
        self.weights = torch.zeros(shape.context_length)

    def fit(self, windows: Windows) -> Wiener:
        """Solve the K normal equations over all ``windows``, in float64."""
        k = windows.context_length
        chunks, target = np.zeros((k, k)), np.zeros(k)
        for block in grams(windows):
            chunks += block.chunks.sum(axis=0)
            target += block.target.sum(axis=0)
        solution, *_ = np.linalg.lstsq(chunks, target, rcond=None)
        self.weights = torch.from_numpy(solution).float()
        return self

    def estimate(self, context: Tensor) -> Tensor:
        """Σ w_i c_i of (B, K, D) → (B, D)."""
        return (self.weights[:, None] * context).sum(dim=-2)

    def __call__(self, context: Tensor) -> Tensor:
        """(B, K, D) → (B, D)."""
        return unit(self.estimate(context))

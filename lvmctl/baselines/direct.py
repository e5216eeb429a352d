"""Retrieval with the last chunk."""

from __future__ import annotations

from torch import Tensor

from lvmctl.registry.record import NoOptions
from lvmctl.registry.specs import Shape


class Direct:
    """q = x_last. What every recipe has to beat."""

    def __init__(self, options: NoOptions, shape: Shape) -> None:
        pass

    def estimate(self, context: Tensor) -> Tensor:
        """The newest chunk of (B, K, D) → (B, D)."""
        return context[:, -1]

    def __call__(self, context: Tensor) -> Tensor:
        """(B, K, D) of unit norm → (B, D)."""
        return self.estimate(context)

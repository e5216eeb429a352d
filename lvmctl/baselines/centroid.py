"""Retrieval with the middle of the window."""

from __future__ import annotations

from torch import Tensor

from lvmctl import sphere as geometry
from lvmctl.registry.record import NoOptions
from lvmctl.registry.specs import Shape


class Centroid:
    """q = c̄, the context's normalised mean."""

    def __init__(self, options: NoOptions, shape: Shape) -> None:
        pass

    def estimate(self, context: Tensor) -> Tensor:
        """The mean chunk of (B, K, D) → (B, D)."""
        return context.mean(dim=-2)

    def __call__(self, context: Tensor) -> Tensor:
        """(B, K, D) → (B, D)."""
        return geometry.unit(self.estimate(context))

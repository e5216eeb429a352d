"""Retrieval with the middle of the window."""

from __future__ import annotations

from torch import Tensor

from lvmctl import geometry
from lvmctl.spec import NoOptions, Shape


class Centroid:
    """q = c̄, the normalised mean of the context."""

    def __init__(self, options: NoOptions, shape: Shape) -> None:
        pass

    def __call__(self, context: Tensor) -> Tensor:
        """(B, K, D) → (B, D)."""
        return geometry.centroid(context)

"""The best non-negative mixture of the window."""

from __future__ import annotations

from torch import Tensor

from lvmctl.registry.specs import NoOptions, Shape
from lvmctl.sphere import best_in_cone


class ConeOracle:
    """q is the non-negative mixture of the chunks nearest to y: a cosine ceiling (METHODS §2.7)."""

    def __init__(self, options: NoOptions, shape: Shape) -> None:
        pass

    def __call__(self, context: Tensor, target: Tensor) -> Tensor:
        """(B, K, D) and (B, D) → (B, D)."""
        return best_in_cone(context, target).to(target)

"""The mixture of the window that moves furthest from the last chunk to the target."""

from __future__ import annotations

from torch import Tensor

from lvmctl.registry.specs import NoOptions, Shape
from lvmctl.sphere import best_in_cone


class ConeMarginOracle:
    """q is the non-negative mixture of largest q·(y - x_last): margin[last]'s ceiling (METHODS
    §2.7), at the cost of cosine."""

    def __init__(self, options: NoOptions, shape: Shape) -> None:
        pass

    def __call__(self, context: Tensor, target: Tensor) -> Tensor:
        """(B, K, D) and (B, D) → (B, D)."""
        return best_in_cone(context, target.double() - context[:, -1].double()).to(target)

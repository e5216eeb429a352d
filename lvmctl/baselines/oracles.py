"""Oracles: predictors that are shown the target, as ceilings (docs/methods.md#ceilings)."""

from __future__ import annotations

from torch import Tensor

from lvmctl.registry.record import NoOptions
from lvmctl.registry.specs import Shape
from lvmctl.sphere import best_in_cone, best_in_span


class Oracle:
    """q = y, the ceiling of every rank and cosine."""

    def __init__(self, options: NoOptions, shape: Shape) -> None:
        pass

    def __call__(self, context: Tensor, target: Tensor) -> Tensor:
        """(B, K, D) and (B, D) → (B, D)."""
        return target


class SpanOracle(Oracle):
    """q is the linear combination of the chunks nearest to y: a cosine ceiling
    (docs/methods.md#ceilings)."""

    def __call__(self, context: Tensor, target: Tensor) -> Tensor:
        return best_in_span(context, target).to(target)


class ConeOracle(Oracle):
    """q is the non-negative mixture of the chunks nearest to y: a cosine ceiling
    (docs/methods.md#ceilings)."""

    def __call__(self, context: Tensor, target: Tensor) -> Tensor:
        return best_in_cone(context, target).to(target)


class ConeMarginOracle(Oracle):
    """q is the non-negative mixture of largest q·(y - x_last): margin[last]'s ceiling, at
    the cost of cosine (docs/methods.md#ceilings)."""

    def __call__(self, context: Tensor, target: Tensor) -> Tensor:
        return best_in_cone(context, target.double() - context[:, -1].double()).to(target)

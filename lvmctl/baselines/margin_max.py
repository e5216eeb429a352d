"""The largest margin against the last chunk, and what it costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor

from lvmctl.baselines.options import RidgeOptions
from lvmctl.baselines.ridge import Ridge
from lvmctl.registry.specs import Shape
from lvmctl.sphere import unit

if TYPE_CHECKING:
    from lvmctl.data.windows import Windows


class MarginMax:
    """q ∝ μ - x_last, the maximiser of E[cos(q, y) - cos(q, x_last)] (docs/methods.md#escape).

    μ is the ridge estimate of E[y | C]. Where the best prediction stays near x_last, the largest
    margin points away from it, and from the target with it.
    """

    def __init__(self, options: RidgeOptions, shape: Shape) -> None:
        self.ridge = Ridge(options, shape)

    def fit(self, windows: Windows) -> MarginMax:
        """Fit μ, see :class:`~lvmctl.baselines.ridge.Ridge`."""
        self.ridge.fit(windows)
        return self

    def __call__(self, context: Tensor) -> Tensor:
        """(B, K, D) → (B, D)."""
        return unit(self.ridge.estimate(context) - context[:, -1])

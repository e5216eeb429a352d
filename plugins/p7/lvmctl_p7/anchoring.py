"""What blending with the centroid makes of a cosine to it (docs/methods.md#blend). Arithmetic
alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

Real = TypeVar("Real", float, "np.ndarray", "Tensor")
"""A number, or an array of numpy or torch."""


def anchored_cosine(rho: Real, blend: float) -> Real:
    """f(ρ) = (λρ + 1 - λ)/√(λ² + (1 - λ)² + 2λ(1 - λ)ρ): what blending makes of a cosine.

    For unit r and c with r·c = ρ it is the cosine of normalise(λr + (1 - λ)c) to c. It increases
    in ρ for λ ≥ ½; for λ < ½ its minimum is √(1 - 2λ)/(1 - λ), at ρ = -λ/(1 - λ)
    (docs/methods.md#blend).

    Args:
        rho: a number or array in [-1, 1].
        blend: λ in [0, 1]. At λ = ½ and ρ = -1 there is no direction, and no value.
    """
    rest = 1 - blend
    square = blend**2 + rest**2 + 2 * blend * rest * rho
    return (blend * rho + rest) / square**0.5


def anchored_least_rho(blend: float) -> float:
    """ρ_0, from which on blending keeps cos(q, c̄) ≥ 1 - λ, for λ in [½, 1) (docs/methods.md#blend).

    "cos ≥ 1 - λ by construction" is false: below ρ_0 it does not hold.
    """
    b = 1 - blend
    root = ((1 - b**2) ** 2 - 2 * blend * b) ** 0.5
    return (-b * (1 - b**2) + b * root) / blend

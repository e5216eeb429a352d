"""What blending with the centroid makes of a cosine to it (METHODS §2.5). Arithmetic alone."""

from __future__ import annotations

from typing import TypeVar

Real = TypeVar("Real")
"""A number, or an array of numpy or torch."""


def anchored_cosine(rho: Real, anchor_lambda: float) -> Real:
    """f(ρ) = (λρ + 1 - λ)/√(λ² + (1 - λ)² + 2λ(1 - λ)ρ): what blending makes of a cosine.

    For unit r and c with r·c = ρ it is the cosine of normalise(λr + (1 - λ)c) to c. It increases
    in ρ for λ ≥ ½; for λ < ½ its minimum is √(1 - 2λ)/(1 - λ), at ρ = -λ/(1 - λ) (METHODS §2.5).

    Args:
        rho: a number or array in [-1, 1].
        anchor_lambda: λ in [0, 1]. At λ = ½ and ρ = -1 there is no direction, and no value.
    """
    blend = 1 - anchor_lambda
    square = anchor_lambda**2 + blend**2 + 2 * anchor_lambda * blend * rho
    return (anchor_lambda * rho + blend) / square**0.5


def anchored_least_rho(anchor_lambda: float) -> float:
    """ρ_0, from which on blending keeps cos(q, c̄) ≥ 1 - λ, for λ in [½, 1) (METHODS §2.5).

    "cos ≥ 1 - λ by construction" is false: below ρ_0 it does not hold.
    """
    b = 1 - anchor_lambda
    root = ((1 - b**2) ** 2 - 2 * anchor_lambda * b) ** 0.5
    return (-b * (1 - b**2) + b * root) / anchor_lambda

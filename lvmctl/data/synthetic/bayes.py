"""The best prediction in synthetic worlds, in closed form (docs/methods.md#data)."""

from __future__ import annotations

import math

import numpy as np

from lvmctl.core.errors import UsageError
from lvmctl.data.synthetic.worlds import World, plane_basis


def bayes_prediction(world: World, context: np.ndarray, horizon: int = 1) -> np.ndarray:
    """The prediction (B, D) of highest expected cosine, from contexts (B, K, D), for a > 0.

    ``ar1``: x_last. ``rotation``: R^h x_last.
    """
    last = context[:, -1]
    if world.name == "ar1":
        return last
    if world.name == "rotation":
        return last @ _rotation(world, horizon).T
    raise UsageError(f"{world.name} has no closed-form prediction", hint="use ar1 or rotation")


def _rotation(world: World, power: int) -> np.ndarray:
    """R^power (D, D) = Q blockdiag(rotation by power·θ) Qᵀ."""
    angle = math.radians(world.theta) * power
    turn = [[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]
    basis = plane_basis(world)
    return basis @ np.kron(np.eye(world.dim // 2), turn) @ basis.T

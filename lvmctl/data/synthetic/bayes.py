"""Closed forms of the synthetic worlds: the best prediction and what it scores
(docs/methods.md#data).

Notation: r(k) the mean cosine of chunks k apart, R the rotation, c_k = tr(R^k)/D.
"""

from __future__ import annotations

import math

import numpy as np

from lvmctl.core.errors import UsageError
from lvmctl.data.synthetic.worlds import World, plane_basis


def lag_cosine(world: World, lag: int) -> float:
    """r(lag), the expected cosine of two chunks of one article, ``lag`` >= 0 apart."""
    if lag == 0:
        return 1.0
    return {
        "ar1": world.a**lag,
        "rotation": world.a**lag * _trace(world, lag),
        "topic": world.f + (1 - world.f) * world.a**lag,
        "iid": 0.0,
    }[world.name]


def bayes_prediction(world: World, context: np.ndarray, horizon: int = 1) -> np.ndarray:
    """The prediction (B, D) of highest expected cosine, from contexts (B, K, D), for a > 0.

    ``ar1``: x_last. ``rotation``: R^h x_last.

    Raises:
        UsageError: ``topic`` (its direction must be inferred) or ``iid`` (there is none).
    """
    last = context[:, -1]
    if world.name == "ar1":
        return last
    if world.name == "rotation":
        return last @ _rotation(world, horizon).T
    raise UsageError(f"{world.name} has no closed-form prediction", hint="use ar1 or rotation")


def bayes_cosine(world: World, horizon: int = 1) -> float:
    """Expected cosine of :func:`bayes_prediction` to the target: a^h."""
    return world.a**horizon


def bayes_margins(world: World, context_length: int, horizon: int = 1) -> dict[str, float]:
    """Expected margin of :func:`bayes_prediction` against each named previous chunk.

    With ``ar1`` as the case R = I, K = ``context_length`` and h = ``horizon``:
    last a^h - c_h; second_last a^h - a c_{h+1}; unseen a^h - a^{K-1+h} c_{K-1+2h}.

    Returns:
        ``last``, ``second_last`` and ``unseen``.
    """
    gain = bayes_cosine(world, horizon)

    def against(distance: int) -> float:
        return gain - world.a**distance * _trace(world, distance + horizon)

    return {
        "last": against(0),
        "second_last": against(1),
        "unseen": against(context_length - 1 + horizon),
    }


def _trace(world: World, power: int) -> float:
    """c_power = tr(R^power)/D."""
    if world.name != "rotation":
        return 1.0
    return math.cos(math.radians(world.theta) * power)


def _rotation(world: World, power: int) -> np.ndarray:
    """R^power (D, D) = Q blockdiag(rotation by power·θ) Qᵀ."""
    angle = math.radians(world.theta) * power
    turn = [[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]
    basis = plane_basis(world)
    return basis @ np.kron(np.eye(world.dim // 2), turn) @ basis.T

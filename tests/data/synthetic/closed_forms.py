"""Closed forms of the synthetic worlds (docs/methods.md#data).

Notation: r(k) the mean cosine of chunks k apart, R the rotation, c_k = tr(R^k)/D.
"""

from __future__ import annotations

import math

from lvmctl.data.synthetic.worlds import World


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


def bayes_cosine(world: World, horizon: int = 1) -> float:
    """Expected cosine of :func:`bayes_prediction` to the target: a^h."""
    return world.a**horizon


def bayes_margins(world: World, context_length: int, horizon: int = 1) -> dict[str, float]:
    """Expected margin of Bayes' prediction against each named previous chunk.

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

"""Where a curve breaks down: the one downward step that noise on a learning curve does not make."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

ALL_ORDERS = 6
"""Curves of up to this many points are compared with every order of their points (720)."""
LEAST_ORDERS = 199
"""Orders that a long curve is compared with; enough for a level of .025."""
POINTS = 20_000
"""Points of all orders that are drawn, which keeps a curve of any length within seconds."""

RESOLUTION = 2e-3
"""Smallest step of a mean cosine that counts; keeps a curve without noise comparable."""

NEARLY = 0.9
"""Of the error that the best step saves: steps that save this much are as good."""


class Step(NamedTuple):
    """A step down of a curve.

    Attributes:
        index: first point after the step, in [1, n).
        before, after: height of the fitted curve on either side of the step.
        statistic: what the step saves of the squared error, over what is left.
        p_value: share of the orders of the points that break down as clearly.
    """

    index: int
    before: float
    after: float
    statistic: float = 0.0
    p_value: float = 1.0


def downward_step(
    values: Sequence[float], *, permutations: int = 999, seed: int = 0
) -> Step | None:
    """The step down that explains most of a curve, with the probability of one as clear by chance.

    A curve that learns does not fall but for noise: the null is a non-decreasing curve, whose
    hardest case is a constant one. The alternative is a non-decreasing piece, a step down, and a
    piece that goes one way, up or further down. Both are fitted by isotonic least squares; the
    statistic is what the step saves of the squared error, over what is left (plus RESOLUTION² for
    every point). Under a constant curve with exchangeable noise of any distribution the orders
    of the points are equally likely, so that the p-value is exact: P(p ≤ α) ≤ α. A rise that is
    no larger than its noise, and noise that drifts, give more alarms: ask for depth too.

    Of curves of many points fewer orders are drawn, up to 6 points every order is taken.

    Returns:
        The step; None with fewer than three points, or where no step is as deep as RESOLUTION.
    """
    curve = np.asarray(values, dtype=np.float64)
    if len(curve) < 3 or (np.diff(curve) >= 0).all():
        return None
    floor = len(curve) * RESOLUTION**2
    step = clearest(curve.tolist(), floor)
    if step.before - step.after < RESOLUTION:
        return None
    as_clear = total = 0
    for order in orders(len(curve), permutations, seed):
        other = clearest([curve[i] for i in order], floor)
        total += 1
        as_clear += other.statistic >= step.statistic * (1 - 1e-9)
    if len(curve) > ALL_ORDERS:
        as_clear, total = as_clear + 1, total + 1  # the order seen is one of them
    return step._replace(p_value=float(as_clear / total))


def orders(n: int, permutations: int, seed: int) -> Iterable[Sequence[int]]:
    """Orders of n points: all of a few, else ``permutations`` drawn ones."""
    if n <= ALL_ORDERS:
        return itertools.permutations(range(n))
    rng = np.random.default_rng(seed)
    permutations = min(permutations, max(LEAST_ORDERS, POINTS // n))
    return (rng.permutation(n).tolist() for _ in range(permutations))


def clearest(curve: Sequence[float], floor: float) -> Step:
    """What the best step of a curve saves, and the deepest of the steps that save nearly as much.

    The second piece may fall further, so that a step can nearly as well begin at a point before
    it; ``NEARLY`` lets the depth decide.
    """
    back = curve[::-1]
    left, top = rising_fits(curve)
    up, low = (fit[::-1] for fit in rising_fits([-value for value in back]))
    down, high = (fit[::-1] for fit in rising_fits(back))
    steps = []
    for place in range(1, len(curve)):
        rises = up[place] <= down[place] * (1 + 1e-9)  # as good by all but rounding
        after = -low[place] if rises else high[place]
        if top[place - 1] > after:
            error = left[place - 1] + (up[place] if rises else down[place])
            steps.append((error, place, after))
    if not steps:
        return Step(1, curve[0], curve[1])
    best = min(steps)[0]
    saved = max(left[-1] - best, 0.0)
    near = (step for step in steps if step[0] <= best + (1 - NEARLY) * saved)
    _, index, after = max(near, key=lambda step: top[step[1] - 1] - step[2])
    return Step(index, top[index - 1], after, saved / (best + floor))


def rising_fits(curve: Sequence[float]) -> tuple[list[float], list[float]]:
    """The best non-decreasing fit to each beginning of a curve: its squared error and its last
    height, (n,) each.

    Pool adjacent violators: blocks of (points, mean, squared error), merged while they fall.
    """
    blocks: list[tuple[int, float, float]] = []
    total, errors, heights = 0.0, [], []
    for value in curve:
        count, mean, error = 1, value, 0.0
        while blocks and blocks[-1][1] >= mean:
            n, other, known = blocks.pop()
            total -= known
            gap = other - mean
            error += known + n * count / (n + count) * gap * gap
            mean = (n * other + count * mean) / (n + count)
            count += n
        blocks.append((count, mean, error))
        total += error
        errors.append(max(total, 0.0))
        heights.append(mean)
    return errors, heights

"""The linear map of the whole window."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import Tensor

from lvmctl.baselines.least_squares import Dual, Primal
from lvmctl.baselines.options import RidgeOptions
from lvmctl.registry.specs import Shape
from lvmctl.sphere import cosine, unit

if TYPE_CHECKING:
    from lvmctl.data.windows import Windows

BATCH = 4096
MEMORY = 1 << 30
"""Bytes of the matrix to be solved, or of the windows where that matrix would be larger."""

Factors = tuple[Tensor, ...]
"""Matrices whose product is a map."""

_maps: WeakKeyDictionary[Windows, dict[RidgeOptions, tuple[Factors, float]]] = WeakKeyDictionary()
"""What was fitted on windows that are still in use: the margin maximiser needs the same map."""


class Ridge:
    """q = normalise(μ), μ = Mᵀ[c_1; …; c_K] the best linear estimate of E[y | C]
    (docs/methods.md#protocol).

    M minimises Σ ‖y - μ‖² + λ‖M‖². The penalty λ is the one of highest mean cosine on held-out
    articles; M is then fitted on these too.

    Attributes:
        factors: matrices whose product is M (K·D, D).
        penalty: λ in mean eigenvalues of the windows' second moment.
    """

    def __init__(self, options: RidgeOptions, shape: Shape) -> None:
        self.options = options
        columns = shape.context_length * shape.dim
        self.factors: Factors = (torch.zeros(columns, 1), torch.zeros(1, shape.dim))
        self.penalty = 0.0

    @property
    def map(self) -> Tensor:
        """M (K·D, D)."""
        return functools.reduce(torch.mm, self.factors)

    def fit(self, windows: Windows) -> Ridge:
        """Fit on whole articles, up to ``fit_windows``."""
        known = _maps.setdefault(windows, {})
        if self.options not in known:
            known[self.options] = fit_map(windows, self.options)
        self.factors, self.penalty = known[self.options]
        return self

    def estimate(self, context: Tensor) -> Tensor:
        """μ of (B, K, D) → (B, D)."""
        return apply(self.factors, context.flatten(1))

    def __call__(self, context: Tensor) -> Tensor:
        """(B, K, D) → (B, D)."""
        return unit(self.estimate(context))


def apply(factors: Factors, rows: Tensor) -> Tensor:
    """``rows`` (n, columns) through a map (columns, outputs), in their precision."""
    return functools.reduce(lambda product, factor: product @ factor.to(product), factors, rows)


def fit_map(windows: Windows, options: RidgeOptions) -> tuple[Factors, float]:
    """M (K·D, D) float32 and its penalty; the middle one when no article can be held out."""
    dim = windows.split.dim
    columns = windows.context_length * dim
    limit = options.fit_windows
    if columns**2 * 8 > MEMORY:
        limit = max(1, min(limit, MEMORY // (8 * columns)))
    fitted, held = parts(windows.article, limit, options)
    equations = (Primal if len(fitted) + len(held) > columns else Dual)(columns, dim)
    add(equations, windows, fitted)
    penalty = sorted(options.penalties)[len(options.penalties) // 2]
    if len(held):
        penalty = uphill(
            options.penalties, lambda p: mean_cosine(windows, held, equations.solve(p))
        )
        add(equations, windows, held)
    return tuple(factor.float() for factor in equations.solve(penalty)), penalty


def uphill(values: Sequence[float], score: Callable[[float], float]) -> float:
    """The value of highest score, going up from the middle one until neither neighbour is higher.

    Too weak a penalty overfits and too strong a one underfits: there is one peak, and a solution
    is dear.
    """
    values, score = sorted(values), functools.cache(score)
    best = len(values) // 2
    for step in (-1, 1):  # the second way leads up only where the first one does not
        while 0 <= best + step < len(values) and score(values[best + step]) > score(values[best]):
            best += step
    return values[best]


def parts(article: np.ndarray, limit: int, options: RidgeOptions) -> tuple[np.ndarray, np.ndarray]:
    """Windows to fit on and windows to choose the penalty on, of different articles.

    Articles are taken in a seeded order until there are ``limit`` windows; the last one is cut.
    """
    rng = np.random.default_rng(options.seed)
    names, number = np.unique(article, return_inverse=True)
    place = rng.permutation(len(names))[number]
    taken = np.argsort(place, kind="stable")[:limit]
    used = place[taken].max() + 1
    held = place[taken] < round(options.held_out * used)
    return np.sort(taken[~held]), np.sort(taken[held])


def add(equations: Primal | Dual, windows: Windows, index: np.ndarray) -> None:
    """Give ``equations`` the windows ``index``."""
    for low in range(0, len(index), BATCH):
        part = index[low : low + BATCH]
        context = windows.context(part).reshape(len(part), -1)
        equations.add(context, windows.target(part))


def mean_cosine(windows: Windows, index: np.ndarray, factors: Factors) -> float:
    """Mean cosine of the estimates of a map (K·D, D) to the targets of ``index``."""
    factors, total = tuple(factor.float() for factor in factors), 0.0
    for low in range(0, len(index), BATCH):
        part = index[low : low + BATCH]
        context = torch.from_numpy(windows.context(part)).flatten(1)
        target = torch.from_numpy(windows.target(part))
        total += cosine(unit(apply(factors, context)), unit(target)).sum().item()
    return total / len(index)

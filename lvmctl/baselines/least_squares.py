"""Ridge regression from sums over rows, solved in float64; penalties chosen on held-out rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch

COLUMNS = 8192
"""Columns of rows that are in float64 at a time."""

LARGE = 1 << 27
"""Numbers of a map that is kept as two matrices."""

TINY = 1e-12
"""Added where nothing else is: inputs that are all zero have the map zero."""


class Primal:
    """Sums over rows: memory of columns², whatever the number of rows."""

    def __init__(self, columns: int, outputs: int) -> None:
        self.moment = np.zeros((columns, columns))
        self.cross = np.zeros((columns, outputs))

    def add(self, x: np.ndarray, y: np.ndarray) -> None:
        """Rows ``x`` (n, columns) and what they should give, ``y`` (n, outputs).

        A block is summed in its own precision, the blocks in float64: float32 rows move no sum by
        more than the smallest penalty hides.
        """
        self.moment += x.T @ x
        self.cross += x.T @ y

    def solve(self, penalty: float) -> tuple[torch.Tensor, ...]:
        """Matrices whose product is the map M (columns, outputs) that minimises
        Σ ‖y - Mᵀx‖² + λ‖M‖²; here one.

        λ is ``penalty`` times the mean eigenvalue of Σ xxᵀ.
        """
        ridge = penalty * self.moment.trace() / len(self.moment)
        return (solve(self.moment, self.cross, ridge),)


class Dual:
    """The rows themselves: memory of rows · columns, for fewer rows than columns."""

    def __init__(self, columns: int, outputs: int) -> None:
        self.x, self.y = np.zeros((0, columns), np.float32), np.zeros((0, outputs))

    def add(self, x: np.ndarray, y: np.ndarray) -> None:
        """As :meth:`Primal.add`."""
        self.x, self.y = np.concatenate([self.x, x]), np.concatenate([self.y, y])
        self.products = np.zeros((len(self.x), len(self.x)))
        for low in range(0, self.x.shape[1], COLUMNS):
            part = self.x[:, low : low + COLUMNS].astype(np.float64)
            self.products += part @ part.T

    def solve(self, penalty: float) -> tuple[torch.Tensor, ...]:
        """As :meth:`Primal.solve`, which it equals; two matrices where M would be large."""
        ridge = penalty * self.products.trace() / self.x.shape[1]
        weights, rows = solve(self.products, self.y, ridge), torch.from_numpy(self.x).T
        if rows.shape[0] * weights.shape[1] > LARGE:
            return rows, weights
        return (rows.double() @ weights,)


def solve(matrix: np.ndarray, right: np.ndarray, ridge: float) -> torch.Tensor:
    """(matrix + ridge·1)⁻¹ right, for a positive semidefinite ``matrix``."""
    shifted = torch.from_numpy(matrix).clone()
    shifted.diagonal().add_(ridge + TINY)
    root, failed = torch.linalg.cholesky_ex(shifted)
    if failed:  # sums of float32 rows are semidefinite but for their rounding
        values, axes = torch.linalg.eigh(shifted)
        values = values.clamp_min(ridge + TINY)
        return axes @ ((axes.T @ torch.from_numpy(right)) / values[:, None])
    return torch.cholesky_solve(torch.from_numpy(right), root)


def fit_held_out(
    moments: np.ndarray, crosses: np.ndarray, penalties: Sequence[float]
) -> tuple[np.ndarray, np.ndarray]:
    """Fit many regressions on the same rows, the penalty of each chosen on the last part of them.

    Args:
        moments: (P, F, F) float64, Σ xxᵀ of each part.
        crosses: (P, F, n) float64, Σ x·y of each part, for n outputs.
        penalties: what is tried, ascending, in mean eigenvalues of Σ xxᵀ.

    Returns:
        Weights (F, n) fitted on all parts, and the penalties (n,) of least squared error on the
        last part after a fit on the others. One part alone gets the largest.
    """
    outputs = crosses.shape[2]
    chosen = np.full(outputs, penalties[-1])
    if len(moments) > 1:
        solve_for = spectral(moments[:-1].sum(axis=0), crosses[:-1].sum(axis=0))
        errors = []
        for value in penalties:
            weights = solve_for(np.full(outputs, value))
            errors.append(((moments[-1] @ weights - 2 * crosses[-1]) * weights).sum(axis=0))
        chosen = np.array(penalties)[np.argmin(errors, axis=0)]
    return spectral(moments.sum(axis=0), crosses.sum(axis=0))(chosen), chosen


def spectral(moment: np.ndarray, cross: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """``solve(penalties)``: weights (F, n) with a penalty (n,) for each output of ``cross`` (F, n).

    Dearer than :func:`solve` once, and cheap for every further penalty.
    """
    values, axes = np.linalg.eigh(moment)
    turned, mean = axes.T @ cross, values.mean()
    return lambda penalties: axes @ (turned / (values.clip(0)[:, None] + penalties * mean + TINY))

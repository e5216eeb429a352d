"""Ridge regression of many outputs, from rows added block by block; solved in float64."""

from __future__ import annotations

import numpy as np
import torch

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

    def solve(self, penalty: float) -> torch.Tensor:
        """The map M (columns, outputs) that minimises Σ ‖y - Mᵀx‖² + λ‖M‖².

        λ is ``penalty`` times the mean eigenvalue of Σ xxᵀ.
        """
        ridge = penalty * self.moment.trace() / len(self.moment)
        return solve(self.moment, self.cross, ridge)


class Dual:
    """The rows themselves: memory of rows · columns, for fewer rows than columns."""

    def __init__(self, columns: int, outputs: int) -> None:
        self.x, self.y = np.zeros((0, columns)), np.zeros((0, outputs))

    def add(self, x: np.ndarray, y: np.ndarray) -> None:
        """As :meth:`Primal.add`."""
        self.x, self.y = np.concatenate([self.x, x]), np.concatenate([self.y, y])
        self.products = self.x @ self.x.T

    def solve(self, penalty: float) -> torch.Tensor:
        """As :meth:`Primal.solve`, which it equals."""
        ridge = penalty * self.products.trace() / self.x.shape[1]
        return torch.from_numpy(self.x).T @ solve(self.products, self.y, ridge)


def solve(matrix: np.ndarray, right: np.ndarray, ridge: float) -> torch.Tensor:
    """(matrix + ridge·1)⁻¹ right, for a positive semidefinite ``matrix``."""
    shifted = torch.from_numpy(matrix).clone()
    shifted.diagonal().add_(ridge + TINY)
    return torch.cholesky_solve(torch.from_numpy(right), torch.linalg.cholesky(shifted))

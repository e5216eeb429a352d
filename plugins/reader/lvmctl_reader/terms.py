"""Rows of terms, of which a chunk has few."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

SOFT = 3.0
"""Weight of words that a chunk is given beforehand: what little a short chunk shares is little."""


@dataclass(frozen=True, eq=False)
class Terms:
    """Rows (n, V) of which most entries are 0, each pair of ``chunk`` and ``column`` once."""

    chunk: np.ndarray
    column: np.ndarray
    value: np.ndarray
    shape: tuple[int, int]

    def dense(self) -> Tensor:
        rows = np.zeros(self.shape, np.float32)
        rows[self.chunk, self.column] = self.value
        return torch.from_numpy(rows)

    def sparse(self) -> Tensor:
        order = np.lexsort((self.column, self.chunk))
        counts = np.bincount(self.chunk, minlength=self.shape[0])
        start = np.concatenate([[0], counts.cumsum()])
        parts = (start, self.column[order], self.value[order].astype(np.float32))
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Sparse CSR tensor support is in beta")
            rows, columns, values = map(torch.from_numpy, parts)
            return torch.sparse_csr_tensor(
                rows, columns, values, self.shape, check_invariants=False
            )

    def normal(self) -> Terms:
        """Of rows with norm 1, or less where little stands in them."""
        size = np.bincount(self.chunk, self.value**2, self.shape[0])
        return self.divided(np.sqrt(size + SOFT**2))

    def shares(self) -> Terms:
        """Squares, as shares of their row's sum."""
        size = np.bincount(self.chunk, self.value**2, self.shape[0])
        squares = Terms(self.chunk, self.column, self.value**2, self.shape)
        return squares.divided(size + SOFT**2)

    def there(self) -> Terms:
        """Ones."""
        return Terms(self.chunk, self.column, np.ones_like(self.value), self.shape)

    def divided(self, size: np.ndarray) -> Terms:
        return Terms(self.chunk, self.column, self.value / size[self.chunk], self.shape)

"""The best scalar weighting of the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from lvmctl.geometry import unit
from lvmctl.spec import NoOptions, Shape

if TYPE_CHECKING:
    from lvmctl.data.windows import Windows

BATCH = 1024


class Wiener:
    """q = normalise(Σ w_i c_i), w minimising the mean of ‖y - Σ w_i c_i‖² (METHODS §3).

    The weights may be negative: it is the linear optimum inside the span, not the cone.
    """

    def __init__(self, options: NoOptions, shape: Shape) -> None:
        self.weights = torch.zeros(shape.context_length)

    def fit(self, windows: Windows) -> Wiener:
        """Solve the K normal equations over all ``windows``, in float64."""
        k = windows.context_length
        gram, cross = np.zeros((k, k)), np.zeros(k)
        for low in range(0, len(windows), BATCH):
            index = np.arange(low, min(low + BATCH, len(windows)))
            context = windows.context(index).astype(np.float64)
            gram += np.einsum("wid,wjd->ij", context, context, optimize=True)
            cross += np.einsum("wid,wd->i", context, windows.target(index), optimize=True)
        solution, *_ = np.linalg.lstsq(gram, cross, rcond=None)
        self.weights = torch.from_numpy(solution).float()
        return self

    def __call__(self, context: Tensor) -> Tensor:
        """(B, K, D) → (B, D)."""
        return unit((self.weights[:, None] * context).sum(dim=-2))

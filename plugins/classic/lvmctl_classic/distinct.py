"""P5's curriculum: the windows first whose target stands out from the older chunks."""

from __future__ import annotations

from itertools import accumulate

import numpy as np

from lvmctl import Windows
from lvmctl_classic.options import DistinctOptions

BATCH = 8192


class Distinct:
    """Selects the windows of largest forward-distinctness, more of them in each stage.

    d = cos(y, x_last) - max over older chunks of cos(y, ·); the top 30 % in epochs 1 to 4, the
    top 70 % in 5 to 14, all from 15 on (docs/methods.md#p1-to-p6).
    """

    def __init__(self, options: DistinctOptions) -> None:
        self.options = options
        self.order: np.ndarray | None = None

    def __call__(self, windows: Windows, epoch: int) -> np.ndarray:
        """(W,) bool, the windows that an epoch, counted from 1, visits: at least one."""
        share = self.share(epoch)
        if share == 1:
            return np.ones(len(windows), dtype=bool)
        if self.order is None:
            # A stable sort: of equal windows the earlier come first, on every machine.
            self.order = np.argsort(-distinctness(windows), kind="stable")
        selected = np.zeros(len(windows), dtype=bool)
        selected[self.order[: max(1, round(share * len(windows)))]] = True
        return selected

    def share(self, epoch: int) -> float:
        """Share of the windows that an epoch visits; the last stage lasts for ever."""
        ends = accumulate(self.options.stages)
        stages = zip(ends, self.options.shares)
        return next((share for end, share in stages if epoch <= end), self.options.shares[-1])


def distinctness(windows: Windows) -> np.ndarray:
    """Forward-distinctness of each window, (W,) float32 in [-2, 2]."""
    distinct = np.empty(len(windows), dtype=np.float32)
    for begin in range(0, len(windows), BATCH):
        index = np.arange(begin, min(begin + BATCH, len(windows)))
        cosines = np.einsum("bkd,bd->bk", windows.context(index), windows.target(index))
        distinct[index] = cosines[:, -1] - cosines[:, :-1].max(axis=1)
    return distinct

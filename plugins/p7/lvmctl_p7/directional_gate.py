"""The directional gate: windows whose next chunk resembles the last less than the one before."""

from __future__ import annotations

import torch
from torch import Tensor

from lvmctl import Batch
from lvmctl.sphere import cosine
from lvmctl_p7.options import DirectionalGateOptions


class DirectionalGate:
    """Weight .25 where cos(x_last, y) - cos(x_last, x_second_last) < .03, else 1
    (docs/methods.md#p7).

    Over an article the difference adds up to nothing (docs/methods.md#telescoping): the gate
    chooses windows by noise, and halves of any text fail it.
    """

    def __init__(self, options: DirectionalGateOptions) -> None:
        self.options = options

    def __call__(self, batch: Batch) -> Tensor:
        """(B,) the weights; needs ``target``, ``last`` and ``second_last``."""
        difference = cosine(batch.last, batch.target) - cosine(batch.last, batch.second_last)
        weak = difference < self.options.threshold
        return torch.where(weak, self.options.weight, 1.0)

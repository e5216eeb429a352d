"""The guard against predictions that look like the chunk before the last."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from lvmctl import Batch, Prediction, Step
from lvmctl.sphere import cosine
from lvmctl_classic.options import GuardOptions


class Guard(nn.Module):
    """relu(m - (cos(q, y) - cos(q, second_last))), in [0, m + 2] (docs/methods.md#p1-to-p6).

    Needs: ``target``, ``second_last``.
    """

    def __init__(self, options: GuardOptions) -> None:
        super().__init__()
        self.margin = options.margin

    def forward(self, prediction: Prediction, batch: Batch, step: Step) -> Tensor:
        q = prediction.q
        gap = cosine(q, batch.target) - cosine(q, batch.second_last)
        return functional.relu(self.margin - gap)

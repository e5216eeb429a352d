"""The guard against predictions that look like the chunk before the last."""

from __future__ import annotations

from torch import nn
from torch.nn import functional

from lvmctl.core.batch import Batch, LossOutput, Prediction, Step
from lvmctl.plugins import Shape
from lvmctl.sphere import cosine
from lvmctl_classic.options import GuardOptions


class Guard(nn.Module):
    """Mean of relu(m - (cos(q, y) - cos(q, second_last))), in [0, m + 2] (METHODS §4, P2).

    Needs: ``target``, ``second_last``, ``weight``. Terms: ``guard``.
    """

    def __init__(self, options: GuardOptions, shape: Shape) -> None:
        super().__init__()
        self.margin = options.margin

    def forward(self, prediction: Prediction, batch: Batch, step: Step) -> LossOutput:
        q = prediction.q
        gap = cosine(q, batch.target) - cosine(q, batch.second_last)
        loss = (functional.relu(self.margin - gap) * batch.weight).mean()
        return LossOutput(total=loss, terms={"guard": loss})

"""The previous-repel hinge."""

from __future__ import annotations

from torch import nn
from torch.nn import functional

from lvmctl.core.batch import Batch, LossOutput, Prediction, Step
from lvmctl.nn.losses.records import PreviousRepelOptions
from lvmctl.sphere import cosine


class PreviousRepel(nn.Module):
    """relu(m - (cos(q, y) - cos(q, last))), in [0, m + 2] (docs/methods.md#recipes).

    The value is a hinge loss, not a margin: a value of .12 says nothing about the sign of
    margin[last]. Past w = ‖μ‖²/(μ·x_last - ‖μ‖²) its weight turns q away from the target
    (docs/methods.md#escape).

    Needs: ``target``, ``last``. Terms: ``margin``.
    """

    def __init__(self, options: PreviousRepelOptions) -> None:
        super().__init__()
        self.margin = options.margin

    def forward(self, prediction: Prediction, batch: Batch, step: Step) -> LossOutput:
        gap = cosine(prediction.q, batch.target) - cosine(prediction.q, batch.last)
        return LossOutput({"margin": functional.relu(self.margin - gap)})

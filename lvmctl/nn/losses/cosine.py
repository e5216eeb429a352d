"""The plain cosine objective."""

from __future__ import annotations

from torch import nn

from lvmctl.core.batch import Batch, LossOutput, Prediction, Step
from lvmctl.registry.specs import NoOptions, Shape
from lvmctl.sphere import cosine


class Cosine(nn.Module):
    """Mean of 1 - cos(q, y), in [0, 2]; its optimum is q* = μ/‖μ‖, μ = E[y|C] (METHODS §2.3).

    Needs: ``target``, ``weight``. Terms: ``cosine``.
    """

    def __init__(self, options: NoOptions, shape: Shape) -> None:
        super().__init__()

    def forward(self, prediction: Prediction, batch: Batch, step: Step) -> LossOutput:
        loss = ((1 - cosine(prediction.q, batch.target)) * batch.weight).mean()
        return LossOutput(total=loss, terms={"cosine": loss})

"""Mean squared error between unit vectors."""

from __future__ import annotations

from torch import nn

from lvmctl.core.batch import Batch, LossOutput, Prediction, Step
from lvmctl.registry.specs import NoOptions, Shape


class MeanSquaredError(nn.Module):
    """Mean over elements of (q - y)², which is 2(1 - cos)/D for unit vectors (METHODS §4).

    Needs: ``target``, ``weight``. Terms: ``mse``.
    """

    def __init__(self, options: NoOptions, shape: Shape) -> None:
        super().__init__()

    def forward(self, prediction: Prediction, batch: Batch, step: Step) -> LossOutput:
        squares = (prediction.q - batch.target).square().mean(dim=-1)
        loss = (squares * batch.weight).mean()
        return LossOutput(total=loss, terms={"mse": loss})

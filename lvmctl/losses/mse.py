"""Mean squared error between unit vectors."""

from __future__ import annotations

from torch import nn
from torch.nn import functional

from lvmctl.batch import Batch, LossOutput, Prediction, Step
from lvmctl.spec import NoOptions, Shape


class MeanSquaredError(nn.Module):
    """Mean over elements of (q - y)², which is 2(1 - cos)/D for unit vectors (METHODS §4).

    Needs: ``target``. Terms: ``mse``.
    """

    def __init__(self, options: NoOptions, shape: Shape) -> None:
        super().__init__()

    def forward(self, prediction: Prediction, batch: Batch, step: Step) -> LossOutput:
        loss = functional.mse_loss(prediction.q, batch.target)
        return LossOutput(total=loss, terms={"mse": loss})

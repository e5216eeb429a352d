"""Mean squared error between unit vectors."""

from __future__ import annotations

from torch import Tensor, nn

from lvmctl.core.batch import Batch, Prediction, Step


class MeanSquaredError(nn.Module):
    """Mean over elements of (q - y)², which is 2(1 - cos)/D for unit vectors
    (docs/methods.md#recipes).

    Needs: ``target``.
    """

    def forward(self, prediction: Prediction, batch: Batch, step: Step) -> Tensor:
        return (prediction.q - batch.target).square().mean(dim=-1)

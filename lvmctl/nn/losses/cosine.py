"""The plain cosine objective."""

from __future__ import annotations

from torch import Tensor, nn

from lvmctl.core.batch import Batch, Prediction, Step
from lvmctl.sphere import cosine


class Cosine(nn.Module):
    """1 - cos(q, y), in [0, 2]; its optimum is q* = μ/‖μ‖, μ = E[y|C]
    (docs/methods.md#best-prediction).

    Needs: ``target``.
    """

    def forward(self, prediction: Prediction, batch: Batch, step: Step) -> Tensor:
        return 1 - cosine(prediction.q, batch.target)

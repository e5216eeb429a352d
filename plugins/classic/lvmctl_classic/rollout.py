"""P4's loss: what becomes of predictions that are fed back."""

from __future__ import annotations

from torch import Tensor, nn

from lvmctl import Batch, Prediction, Step
from lvmctl_classic.options import RolloutOptions


class Rollout(nn.Module):
    """Squared error of H predictions in a row, each fed back for the next
    (docs/methods.md#p1-to-p6).

    The mean over elements, then over the steps that a window's article still reaches, in [0, 4/D].
    The gradient passes through every step.

    Needs: ``future``, ``future_mask``; the prediction's ``rollout``.
    """

    def __init__(self, options: RolloutOptions) -> None:
        super().__init__()
        self.rollout = options.steps

    def forward(self, prediction: Prediction, batch: Batch, step: Step) -> Tensor:
        assert prediction.rollout is not None
        predicted, true = (x[:, : self.rollout] for x in (prediction.rollout, batch.future))
        there = batch.future_mask[:, : self.rollout]
        each = (predicted - true).square().mean(dim=-1) * there
        return each.sum(dim=1) / there.sum(dim=1)

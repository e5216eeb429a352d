"""P5.1's soft preference of what comes over what was."""

from __future__ import annotations

from torch import nn
from torch.nn import functional

from lvmctl import Batch, LossOutput, Prediction, Step
from lvmctl.sphere import cosine
from lvmctl_classic.options import ForwardPreferenceOptions


class ForwardPreference(nn.Module):
    """softplus(5(cos(q, last) - cos(q, y) + .02)), in (0, ∞) (docs/methods.md#p1-to-p6).

    Needs: ``target``, ``last``. Terms: ``forward``.
    """

    def __init__(self, options: ForwardPreferenceOptions) -> None:
        super().__init__()
        self.steepness, self.margin = options.steepness, options.margin

    def forward(self, prediction: Prediction, batch: Batch, step: Step) -> LossOutput:
        q = prediction.q
        behind = cosine(q, batch.last) - cosine(q, batch.target)
        each = functional.softplus(self.steepness * (behind + self.margin))
        return LossOutput({"forward": each})

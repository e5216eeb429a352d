"""The anchor penalty: a pull of the raw prediction towards the centroid."""

from __future__ import annotations

from torch import nn
from torch.nn import functional

from lvmctl import Batch, LossOutput, Prediction, Step
from lvmctl.sphere import centroid, cosine, unit
from lvmctl_p7.options import AnchorFloorOptions


class AnchorFloor(nn.Module):
    """relu(.5 - ρ), ρ = cos(q_raw, c̄), in [0, 1.5] (docs/methods.md#variants-of-p7).

    Blending cannot keep cos(q, c̄) up when ρ falls (docs/methods.md#blend); this can.

    Needs: ``context``; the prediction's ``raw``. Terms: ``anchor``.
    """

    def __init__(self, options: AnchorFloorOptions) -> None:
        super().__init__()
        self.floor = options.floor

    def forward(self, prediction: Prediction, batch: Batch, step: Step) -> LossOutput:
        assert prediction.raw is not None
        rho = cosine(unit(prediction.raw), centroid(batch.context))
        return LossOutput({"anchor": functional.relu(self.floor - rho)})

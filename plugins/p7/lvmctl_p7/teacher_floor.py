"""The teacher floor: a pull towards the target while it is far."""

from __future__ import annotations

from torch import nn
from torch.nn import functional

from lvmctl import Batch, LossOutput, Prediction, Step
from lvmctl.sphere import cosine
from lvmctl_p7.options import TeacherFloorOptions


class TeacherFloor(nn.Module):
    """relu(.20 - cos(q, y)), in [0, 1.2]; P7 has it in epochs 1 and 2 (docs/methods.md#recipes).

    Needs: ``target``. Terms: ``teacher``.
    """

    def __init__(self, options: TeacherFloorOptions) -> None:
        super().__init__()
        self.floor = options.floor

    def forward(self, prediction: Prediction, batch: Batch, step: Step) -> LossOutput:
        below = functional.relu(self.floor - cosine(prediction.q, batch.target))
        return LossOutput({"teacher": below})

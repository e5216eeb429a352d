"""P3's head: it learns from windows with holes."""

from __future__ import annotations

import torch
from torch import Tensor

from lvmctl.batch import Prediction, Step
from lvmctl.models.free import Free
from lvmctl.plugins import Shape
from lvmctl.schedule import Schedule
from lvmctl_classic.options import WindowDropoutOptions


class WindowDropout(Free):
    """The free head; in training each chunk of a window is zeroed with a small probability.

    METHODS §4, P3: .05 from epoch 6. Evaluation sees whole windows.

    Shapes: context (B, K, D) → q (B, D) and raw (B, D), the vector before normalising.
    """

    def __init__(self, options: WindowDropoutOptions, shape: Shape) -> None:
        super().__init__(options, shape)
        self.schedule = Schedule.parse(options.window_dropout)
        self.probability = 0.0

    def at(self, step: Step) -> None:
        """Take the probability of the step."""
        self.probability = self.schedule.at(step)

    def forward(self, context: Tensor) -> Prediction:
        if self.training and self.probability:
            drawn = torch.rand(*context.shape[:2], 1, device=context.device)
            context = context * (drawn >= self.probability)
        return super().forward(context)

"""P3's head: it learns from windows with holes."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from lvmctl import Prediction, Schedule, Shape, Step, sequence_model
from lvmctl.sphere import unit
from lvmctl_classic.options import WindowDropoutOptions


class WindowDropout(nn.Module):
    """A free head; in training each chunk of a window is zeroed with a small probability.

    docs/methods.md#p1-to-p6: .05 from epoch 6. Evaluation sees whole windows.

    Shapes: context (B, K, D) → q (B, D) and raw (B, D), the vector before normalising.
    """

    def __init__(self, options: WindowDropoutOptions, shape: Shape) -> None:
        super().__init__()
        self.encoder = sequence_model(options, shape)
        self.head = nn.Linear(options.width, shape.dim)
        self.schedule = Schedule.parse(options.window_dropout)
        self.probability = 0.0

    def at(self, step: Step) -> None:
        """Take the probability of the step."""
        self.probability = self.schedule.at(step)

    def forward(self, context: Tensor) -> Prediction:
        if self.training and self.probability:
            drawn = torch.rand(*context.shape[:2], 1, device=context.device)
            context = context * (drawn >= self.probability)
        raw = self.head(self.encoder(context)).float()
        return Prediction(q=unit(raw), raw=raw)

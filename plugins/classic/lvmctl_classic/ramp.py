"""P5's head: each chunk carries its position."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from lvmctl import Prediction, Schedule, Shape, Step, sequence_model
from lvmctl.sphere import unit
from lvmctl_classic.options import RampOptions


class Ramp(nn.Module):
    """A free head that reads (chunk, scale·i/(K - 1)) for i = 0 … K - 1 (docs/methods.md#p1-to-p6).

    The scale may grow during training (P5.1: 0 → .10 in 3 epochs); a buffer remembers it.

    Shapes: context (B, K, D) → q (B, D) and raw (B, D), the vector before normalising.
    """

    scale: Tensor
    position: Tensor

    def __init__(self, options: RampOptions, shape: Shape) -> None:
        super().__init__()
        extended = Shape(shape.dim + 1, shape.context_length, shape.horizon)
        self.encoder = sequence_model(options, extended)
        self.head = nn.Linear(options.width, shape.dim)
        self.schedule = Schedule.parse(options.ramp)
        self.register_buffer("scale", torch.zeros(()))
        self.register_buffer("position", torch.linspace(0, 1, shape.context_length)[:, None])

    def at(self, step: Step) -> None:
        """Take the scale of the step."""
        self.scale.fill_(self.schedule.at(step))

    def forward(self, context: Tensor) -> Prediction:
        feature = (self.scale * self.position).expand(context.shape[0], -1, -1)
        raw = self.head(self.encoder(torch.cat([context, feature], dim=-1))).float()
        return Prediction(q=unit(raw), raw=raw)

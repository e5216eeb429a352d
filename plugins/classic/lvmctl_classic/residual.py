"""P2's head: a step from the newest chunk."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from lvmctl import Prediction, Shape, sequence_model
from lvmctl.sphere import unit
from lvmctl_classic.options import ResidualOptions


class Residual(nn.Module):
    """q = normalise(x_last + κ·Δ), Δ = Linear(summary), κ a learned scalar
    (docs/methods.md#p1-to-p6).

    At the start Δ is small: the model begins as `direct` and has to learn to leave.

    Shapes: context (B, K, D) → q (B, D) and raw (B, D), the vector before normalising.
    """

    def __init__(self, options: ResidualOptions, shape: Shape) -> None:
        super().__init__()
        self.encoder = sequence_model(options, shape)
        self.head = nn.Linear(options.width, shape.dim)
        self.kappa = nn.Parameter(torch.tensor(float(options.kappa)))

    def forward(self, context: Tensor) -> Prediction:
        step = self.head(self.encoder(context)).float()
        raw = context[:, -1] + self.kappa * step
        return Prediction(q=unit(raw), raw=raw)

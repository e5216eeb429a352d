"""The recurrent sequence model: two LSTM layers read at the last step (docs/methods.md#recipes)."""

from __future__ import annotations

from torch import Tensor, nn

from lvmctl.nn.sequence.options import SequenceOptions
from lvmctl.registry.specs import Shape
from lvmctl.sphere import unit

LAYERS = 2


class Lstm(nn.Module):
    """Linear D → width, a two-layer LSTM, the last step's output at unit norm.

    Shapes: context (B, K, D) → summary (B, width), unit norm.
    """

    def __init__(self, options: SequenceOptions, shape: Shape) -> None:
        super().__init__()
        self.embed = nn.Linear(shape.dim, options.width)
        self.recurrent = nn.LSTM(
            options.width, options.width, LAYERS, batch_first=True, dropout=options.dropout
        )

    def forward(self, context: Tensor) -> Tensor:
        output, _ = self.recurrent(self.embed(context))
        return unit(output[:, -1])

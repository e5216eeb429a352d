"""The residual recurrent sequence model: GRU layers, read at the last step
(docs/methods.md#recipes)."""

from __future__ import annotations

from torch import Tensor, nn

from lvmctl.nn.sequence.dropout import dropout
from lvmctl.nn.sequence.options import SequenceOptions
from lvmctl.registry.specs import Shape
from lvmctl.sphere import unit


class Gru(nn.Module):
    """Linear D → width, then ``layers`` times x + GRU(x), the last step's output at unit norm.

    Dropout falls on what a layer adds, except the last one's.

    Shapes: context (B, K, D) → summary (B, width), unit norm.
    """

    def __init__(self, options: SequenceOptions, shape: Shape) -> None:
        super().__init__()
        self.embed = nn.Linear(shape.dim, options.width)
        self.recurrent = nn.ModuleList(
            nn.GRU(options.width, options.width, batch_first=True) for _ in range(options.layers)
        )
        self.dropout = options.dropout

    def forward(self, context: Tensor) -> Tensor:
        x = self.embed(context)
        for layer in self.recurrent:
            added, _ = layer(x)
            if layer is not self.recurrent[-1]:
                added = dropout(added, self.dropout, self.training)
            x = x + added
        return unit(x[:, -1])

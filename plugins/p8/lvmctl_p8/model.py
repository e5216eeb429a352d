"""The mixture head: P8's only freedom is where to look in the window."""

from __future__ import annotations

from torch import Tensor, nn

from lvmctl import Prediction, SequenceOptions, Shape, sequence_model
from lvmctl.sphere import mixture


class Mixture(nn.Module):
    """α = softmax(Linear(summary)), q = normalise(Σ α_i c_i) (docs/methods.md#p8).

    q stays in the cone of the context: cos(q, c̄) ≥ min_i cos(c_i, c̄) whenever that minimum is
    ≥ 0 (docs/methods.md#cone).

    Shapes: context (B, K, D) → q (B, D), weights α (B, K) on the simplex.
    """

    def __init__(self, options: SequenceOptions, shape: Shape) -> None:
        super().__init__()
        self.encoder = sequence_model(options, shape)
        self.attention = nn.Linear(options.width, shape.context_length)

    def forward(self, context: Tensor) -> Prediction:
        weights = self.attention(self.encoder(context)).float().softmax(dim=-1)
        return Prediction(q=mixture(weights, context), weights=weights)

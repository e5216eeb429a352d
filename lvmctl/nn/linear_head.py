"""A model without geometry: sequence model and a linear head."""

from __future__ import annotations

from torch import Tensor, nn

from lvmctl.core.batch import Prediction
from lvmctl.nn.sequence.model import sequence_model
from lvmctl.nn.sequence.options import SequenceOptions
from lvmctl.registry.specs import Shape
from lvmctl.sphere import unit


class LinearHead(nn.Module):
    """q = normalise(Linear(summary)): any direction can be predicted.

    Shapes: context (B, K, D) → q (B, D) and raw (B, D), the vector before normalising.
    """

    def __init__(self, options: SequenceOptions, shape: Shape) -> None:
        super().__init__()
        self.encoder = sequence_model(options, shape)
        self.head = nn.Linear(options.width, shape.dim)

    def forward(self, context: Tensor) -> Prediction:
        raw = self.head(self.encoder(context)).float()
        return Prediction(q=unit(raw), raw=raw)

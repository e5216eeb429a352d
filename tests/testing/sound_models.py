"""Models that keep every rule of the conformance kit; a test breaks one rule of one of them."""

from __future__ import annotations

import torch
from testing.judged import address
from torch import nn

from lvmctl import Prediction
from lvmctl.registry.specs import ModelSpec
from lvmctl.sphere import anchored, centroid, mixture, unit

CONE = {"geometry": "cone", "gives": ("weights",)}
ANCHORED = {"geometry": "anchored", "gives": ("raw", "blend")}
"""What the records of :class:`Cone` and :class:`Anchored` say."""


class Free(nn.Module):
    """A model that can predict every direction."""

    def __init__(self, options, shape):
        super().__init__()
        self.head = nn.Linear(shape.context_length * shape.dim, shape.dim)
        self.shape = shape

    def raw(self, context):
        return self.head(context.flatten(1)).float()

    def forward(self, context):
        return Prediction(q=unit(self.raw(context)))


class Mixing(nn.Module):
    """A mixture whose weights may have any sign."""

    def __init__(self, options, shape):
        super().__init__()
        self.share = nn.Linear(shape.context_length * shape.dim, shape.context_length)

    def weights(self, context):
        return self.share(context.flatten(1)).float()

    def forward(self, context):
        return Prediction(q=mixture(self.weights(context), context))


class Cone(Mixing):
    """A mixture, its weights on the simplex."""

    def weights(self, context):
        return super().weights(context).softmax(dim=-1)

    def forward(self, context):
        weights = self.weights(context)
        return Prediction(q=mixture(weights, context), weights=weights)


class Anchored(Free):
    """A blend with the centroid."""

    def __init__(self, options, shape):
        super().__init__(options, shape)
        self.blend = nn.Parameter(torch.tensor(0.7))

    def at(self, step):
        with torch.no_grad():
            self.blend.clamp_(0.6, 0.9)

    def forward(self, context):
        raw = self.raw(context)
        q = anchored(raw, centroid(context), self.blend)
        return Prediction(q=q, raw=raw, extras={"blend": self.blend})


def record(model: type, **details) -> ModelSpec:
    """The record of a model."""
    return ModelSpec(name="x", summary="A model.", target=address(model), **details)

"""Models that keep every rule of the conformance kit; a test breaks one rule of one of them."""

from __future__ import annotations

import pytest
import torch
from judged import failures, judged
from torch import nn

from lvmctl import Prediction
from lvmctl.registry.specs import ModelSpec
from lvmctl.sphere import anchored, centroid, mixture, unit
from lvmctl.testing.checks.model import CHECKS
from lvmctl.testing.conformance import Outcome

QUICK = [check for check in CHECKS if check.name != "exportable"]
"""To export a model takes longer than all other checks together."""

CONE = {"geometry": "cone", "gives": ("weights",)}
ANCHORED = {"geometry": "anchored", "gives": ("raw", "blend")}
"""What the records of :class:`Cone` and :class:`Anchored` say."""


class Free(nn.Module):
    """A sound model that can predict every direction."""

    def __init__(self, options, shape):
        super().__init__()
        self.head = nn.Linear(shape.context_length * shape.dim, shape.dim)
        self.shape = shape

    def raw(self, context):
        return self.head(context.flatten(1)).float()

    def forward(self, context):
        return Prediction(q=unit(self.raw(context)))


class Mixing(nn.Module):
    """A sound model whose weights may have any sign."""

    def __init__(self, options, shape):
        super().__init__()
        self.share = nn.Linear(shape.context_length * shape.dim, shape.context_length)

    def weights(self, context):
        return self.share(context.flatten(1)).float()

    def forward(self, context):
        return Prediction(q=mixture(self.weights(context), context))


class Cone(Mixing):
    """A sound mixture, its weights on the simplex."""

    def weights(self, context):
        return super().weights(context).softmax(dim=-1)

    def forward(self, context):
        weights = self.weights(context)
        return Prediction(q=mixture(weights, context), weights=weights)


class Anchored(Free):
    """A sound model that blends with the centroid."""

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


def outcomes(model: type, checks=QUICK, **record) -> dict[str, Outcome]:
    """How the checks end for a model whose record says ``record``, by name."""
    target = f"{model.__module__}:{model.__name__}"
    return judged(ModelSpec(name="x", summary="A model.", target=target, **record), checks)


def assert_fails(model: type, record: dict, expected: dict[str, str]) -> None:
    """Fail unless exactly the checks of ``expected`` fail, and say what it says."""
    found = failures(outcomes(model, **record))
    assert set(found) == set(expected), found
    for name, why in expected.items():
        assert why in found[name], found


def each(broken: list[tuple]) -> pytest.MarkDecorator:
    """A test for each (model, record, expected)."""
    cases = [pytest.param(*case, id=case[0].__name__) for case in broken]
    return pytest.mark.parametrize(("model", "record", "expected"), cases)

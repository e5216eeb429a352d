"""A model that says it serves any space reads nothing but cosines."""

from __future__ import annotations

import pytest
import torch
from testing.judged import fails, failures, judged
from testing.sound_models import Free, record
from torch import nn

from lvmctl import Prediction
from lvmctl.sphere import mixture


class Fading(nn.Module):
    """Sound in any space: its weights read no chunk."""

    def __init__(self, options, shape):
        super().__init__()
        self.logits = nn.Parameter(torch.arange(shape.context_length) * 0.3)

    def forward(self, context):
        weights = self.logits.softmax(dim=-1).expand(len(context), -1)
        return Prediction(q=mixture(weights, context), weights=weights)


class FirstAxis(Fading):
    """It scores by a coordinate."""

    def score(self, context, pool):
        return pool.vectors[..., 0].expand(len(context), -1)


class Shifted(Fading):
    """It is fitted to the mean of its training chunks, by which it scores where D is the same."""

    def __init__(self, options, shape):
        super().__init__(options, shape)
        self.register_buffer("mean", torch.zeros(shape.dim))

    def fit(self, windows):
        self.mean.copy_(torch.from_numpy(windows.split.mean()))

    def score(self, context, pool):
        known = self.mean if len(self.mean) == context.shape[-1] else pool.vectors.new_zeros(1)
        return self(context).q @ (pool.vectors - known).T


class Forgetting(Shifted):
    """Sound: it forgets that mean."""

    def forget_space(self):
        self.mean.zero_()


SPACES = {"geometry": "cone", "gives": ("weights",), "any_space": True}
FITTED = SPACES | {"fitted": True}


@pytest.mark.parametrize(("model", "details"), [(Fading, SPACES), (Forgetting, FITTED)])
def test_a_model_of_cosines_serves_any_space(model, details):
    outcomes = judged(record(model, **details))
    assert failures(outcomes) == {}
    assert outcomes["serves_any_space"].status == "pass"


ANYWHERE = "serves_any_space"

test_a_model_that_is_held_to_a_space_is_told_so = fails(
    [
        (record(Free, any_space=True), ANYWHERE, "it raised RuntimeError"),
        (record(FirstAxis, **SPACES), ANYWHERE, "score differs by up to"),
        (record(Shifted, **FITTED), ANYWHERE, "score differs by up to"),
        (record(Forgetting, **FITTED | {"any_space": False}), ANYWHERE, "declare any_space=True"),
    ]
)

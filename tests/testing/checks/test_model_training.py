"""What training asks of a model: gradient everywhere, finite, in bfloat16 too."""

from __future__ import annotations

import pytest
import torch
from judged import failures
from sound_models import Free, Mixing, assert_fails, each, outcomes
from torch import nn
from torch.nn import functional

from lvmctl import Prediction
from lvmctl.sphere import unit


class Starting(Free):
    """Sound: its second layer starts at zero, and holds gradient back from the first."""

    def __init__(self, options, shape):
        super().__init__(options, shape)
        self.more = nn.Linear(shape.dim, shape.dim)
        nn.init.zeros_(self.more.weight)

    def raw(self, context):
        return self.more(functional.relu(super().raw(context)))


class Frozen(Free):
    """Sound: what has no gradient is declared so."""

    def __init__(self, options, shape):
        super().__init__(options, shape)
        self.unused = nn.Parameter(torch.zeros(3), requires_grad=False)


@pytest.mark.parametrize("model", [Starting, Frozen])
def test_gradient_may_come_late_and_a_parameter_may_be_frozen(model):
    assert failures(outcomes(model)) == {}


class Unused(Free):
    def __init__(self, options, shape):
        super().__init__(options, shape)
        self.spare = nn.Linear(2, 2)


class Detached(Free):
    def raw(self, context):
        return functional.linear(context.flatten(1), self.head.weight.detach(), self.head.bias)


class NoGradient(Mixing):
    """A norm that is chosen away is still differentiated."""

    def forward(self, context):
        mixed = context.mean(dim=1) * self.weights(context).square().sum(dim=-1, keepdim=True)
        norm = mixed.norm(dim=-1, keepdim=True)
        return Prediction(q=torch.where(norm > 0, mixed / norm, mixed))


class SinglePrecision(Free):
    """Under autocast a linear layer gives bfloat16, which does not fit."""

    def forward(self, context):
        raw = self.head(context.flatten(1))
        q = torch.zeros(raw.shape).index_add(0, torch.arange(len(raw)), raw)
        return Prediction(q=unit(q))


REACHES = "gradient_reaches_every_parameter"
FINITE = ("finite_gradients", "finite_in_bf16")

BROKEN = [
    (Unused, {}, {REACHES: "no gradient reaches spare.bias, spare.weight: use it, or freeze it"}),
    (Detached, {}, {REACHES: "no gradient reaches head.weight:"}),
    (NoGradient, {}, dict.fromkeys(FINITE, "the gradient of the context is not finite")),
    (SinglePrecision, {}, {"finite_in_bf16": "same scalar type"}),
]


@each(BROKEN)
def test_a_broken_model_fails_what_it_breaks_and_nothing_else(model, record, expected):
    assert_fails(model, record, expected)

"""What training asks of a model, and what is kept of it: a broken rule fails its check."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
import torch
from testing.judged import but, fails, failures, judged
from testing.sound_models import Free, Mixing, record
from torch import nn
from torch.nn import functional

from lvmctl import Prediction
from lvmctl.config import option
from lvmctl.nn.sequence.options import SequenceOptions
from lvmctl.sphere import unit
from lvmctl.testing.conformance import cases
from lvmctl.testing.models import small

TRAINED = ("finite_gradients", "finite_in_bf16")
REACHES, STATE = "gradient_reaches_every_parameter", "state_round_trips"


@pytest.mark.parametrize("encoder", ["lstm", "gru"])
def test_the_other_sequence_models_of_core_pass(encoder):
    """The transformer is checked with core."""
    due = cases("core/free", {"encoder": encoder}, kind="model")
    outcomes = [case.outcome() for case in due if case.subject.entry]
    assert [outcome for outcome in outcomes if outcome.status == "fail"] == []


class Scheduled(Free):
    """What `at` tells it lives in a buffer."""

    persistent = True

    def __init__(self, options, shape):
        super().__init__(options, shape)
        self.register_buffer("late", torch.zeros(()), persistent=self.persistent)

    def at(self, step):
        self.late.fill_(step.epoch)

    def raw(self, context):
        return super().raw(context) + self.late * context[:, -1]


class Starting(Free):
    """Its second layer starts at zero, and holds gradient back from the first."""

    def __init__(self, options, shape):
        super().__init__(options, shape)
        self.more = nn.Linear(shape.dim, shape.dim)
        nn.init.zeros_(self.more.weight)

    def raw(self, context):
        return self.more(functional.relu(super().raw(context)))


class Frozen(Free):
    """What has no gradient is declared so."""

    def __init__(self, options, shape):
        super().__init__(options, shape)
        self.unused = nn.Parameter(torch.zeros(3), requires_grad=False)


class Unused(Free):
    def __init__(self, options, shape):
        super().__init__(options, shape)
        self.spare = nn.Linear(2, 2)


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


class Objects(Free):
    def get_extra_state(self):
        return self.shape

    def set_extra_state(self, state):
        self.shape = state


class Growing(Free):
    """Its state has a tensor more once it was used."""

    def raw(self, context):
        self.register_buffer("seen", torch.tensor(len(context)))
        return super().raw(context)


@pytest.mark.parametrize("model", [Scheduled, Starting, Frozen])
def test_a_sound_model_passes(model):
    assert failures(judged(record(model), (*TRAINED, REACHES, STATE))) == {}


class Untold(Free):
    """What it learns is no part of its state."""

    def __init__(self, options, shape):
        super().__init__(options, shape)
        self.register_buffer("mean", torch.zeros(shape.dim), persistent=False)

    def fit(self, windows):
        self.mean.copy_(torch.from_numpy(windows.split.mean()))

    def raw(self, context):
        return super().raw(context) + self.mean


test_a_broken_model_fails_what_it_breaks = fails(
    [
        (record(Unused), REACHES, "no gradient reaches spare.bias, spare.w"),
        (record(NoGradient), TRAINED, "the gradient of the context is not finite"),
        (record(SinglePrecision), "finite_in_bf16", "same scalar type"),
        (record(but(Scheduled, persistent=False)), STATE, "q differs by up to"),
        (record(Objects), STATE, "more than tensors and plain values"),
        (record(Growing), STATE, "does not fit a new model: "),
        (record(Untold, fitted=True), STATE, "after loading"),
    ]
)


# ------------------------------------------------------------------ how models are made small


@dataclass(frozen=True, kw_only=True)
class Wide(SequenceOptions):
    least: int = option(64, "least width", low=1, high=10**6)

    def __post_init__(self):
        if self.width < self.least:
            raise ValueError("too narrow")


def test_the_sizes_of_the_common_encoder_are_made_small_where_they_fit():
    options = SequenceOptions(encoder="gru", dropout=0.3)
    sizes = {"width": 16, "layers": 2, "heads": 2, "feedforward": 32}
    assert small(options) == replace(options, **sizes)
    assert small(Wide()) == Wide()

"""A model that breaks a rule fails its check; a sound one passes all."""

from __future__ import annotations

import pytest
import torch
from testing.judged import but, fails, failures, judged
from testing.sound_models import ANCHORED, CONE, Anchored, Cone, Free, Mixing, record
from torch import nn
from torch.nn import functional

from lvmctl import Prediction
from lvmctl.core.errors import UsageError
from lvmctl.sphere import anchored, centroid, mixture, unit

# ------------------------------------------------------------------ sound models


class OneShape(Free):
    """It says which shapes it takes."""

    def __init__(self, options, shape):
        if shape.context_length < 5:
            raise UsageError("it needs five chunks", hint="use --context 5")
        super().__init__(options, shape)


class Blends(Anchored):
    """A blend for every window."""

    def forward(self, context):
        raw, blend = self.raw(context), self.blend.expand(len(context), 1)
        q = anchored(raw, centroid(context), blend)
        return Prediction(q=q, raw=raw, extras={"blend": blend})


SOUND = [
    (Free, {}),
    (Mixing, {"geometry": "span"}),
    (Cone, CONE),
    (Anchored, ANCHORED),
    (Blends, ANCHORED),
    (OneShape, {}),
]


@pytest.mark.parametrize(("model", "details"), SOUND)
def test_a_sound_model_passes(model, details):
    before = torch.get_rng_state()
    outcomes = judged(record(model, **details))
    assert failures(outcomes) == {}
    assert (outcomes["declared_geometry"].status == "skip") == ("geometry" not in details)
    assert outcomes["score_for_each_candidate"].status == "skip"
    assert torch.equal(torch.get_rng_state(), before)
    refused = "refuses K = 1, D = 16; K = 2, D = 16" if model is OneShape else ""
    assert outcomes["unit_norm"].why.startswith(refused)


# ------------------------------------------------------------------ broken models


class Faulty(Free):
    def __init__(self, options, shape):
        if shape.context_length == 1:
            raise ValueError("a window of one chunk")
        super().__init__(options, shape)


class Normalised(Free):
    """A batch of one window has no statistics in training."""

    def __init__(self, options, shape):
        super().__init__(options, shape)
        self.norm = nn.BatchNorm1d(shape.dim)

    def raw(self, context):
        return self.norm(super().raw(context))


class Long(Free):
    """Its norm is 1 until a parameter moves."""

    def __init__(self, options, shape):
        super().__init__(options, shape)
        self.length = nn.Parameter(torch.ones(()))

    def forward(self, context):
        return Prediction(q=self.length * unit(self.raw(context)))


class Divided(nn.Module):
    """Opposite chunks have the mean zero."""

    def __init__(self, options, shape):
        super().__init__()

    def forward(self, context):
        mean = context.mean(dim=1)
        return Prediction(q=mean / mean.norm(dim=-1, keepdim=True))


class OtherMixture(Cone):
    """In the cone, but not where its weights say."""

    def forward(self, context):
        weights = self.weights(context)
        return Prediction(q=mixture(weights.flip(1), context), weights=weights)


class OtherBlend(Anchored):
    """Blended with the newest chunk."""

    def forward(self, context):
        raw = self.raw(context)
        q = anchored(raw, context[:, -1], self.blend)
        return Prediction(q=q, raw=raw, extras={"blend": self.blend})


class OverwritingInTraining(Free):
    def raw(self, context):
        if self.training:
            with torch.no_grad():
                context[:, 0] = 0
        return super().raw(context)


class Negative(Cone):
    """Its weights sum to one."""

    def forward(self, context):
        weights = 2 * self.weights(context) - 1 / context.shape[1]
        return Prediction(q=mixture(weights, context), weights=weights)


def q_of(q, **details):
    """The record of a model that predicts ``q(model, raw, context)``."""

    def forward(self, context):
        return Prediction(q=q(self, Free.raw(self, context), context))

    return record(but(Free, forward=forward), **details)


def giving(*gives, **fields):
    """The record of a model that fills fields with what they are of ``raw``."""

    def forward(self, context):
        raw = self.raw(context)
        return Prediction(q=unit(raw), **{name: value(raw) for name, value in fields.items()})

    return record(but(Free, forward=forward), gives=gives)


def refuse(self, options, shape):
    raise UsageError("it needs 512 dimensions")


def parts(value):
    """The record of a model with an extra."""
    return giving("parts", extras=lambda raw: {"parts": value(raw)})


def leaking_in_crowds(model, raw, context):
    return unit(raw - raw.mean(dim=0) if len(raw) > 8 else raw)


CROWD = ("unit_norm", "independent_of_the_batch")
FIELDS = "fields"
UNIT, GEOMETRY, STATE = "unit_norm", "declared_geometry", "state_round_trips"
TRAINED = ("finite_gradients", "finite_in_bf16")

test_a_broken_model_fails_what_it_breaks = fails(
    [
        (record(but(Free, __init__=refuse)), UNIT, "built for K = 5, D = 16: it needs 512 dim"),
        (record(but(Free, forward=lambda self, context: (context[:, 0], None))), UNIT, "a tuple"),
        (q_of(lambda m, raw, context: context), UNIT, "(1, 5, 16), not a float tensor (1, 16)"),
        (record(Faulty), UNIT, "K = 1, D = 16 it raised ValueError: a window of one chunk"),
        (record(Normalised), (UNIT, *TRAINED), "B, K, D = 1, 5, 16"),
        (record(Long), UNIT, "weights = moved"),
        (record(Long), "finite_in_bf16", "q has norm"),
        (q_of(lambda m, raw, _: unit(raw) * (1.001 if m.training else 1)), UNIT, "norm 1.001, not"),
        (record(Divided), (UNIT, *TRAINED), "contexts = opposite chunks"),
        (
            q_of(lambda m, raw, _: unit(raw + torch.zeros(64, 1)[: len(raw)])),
            CROWD,
            "D = 65, 5, 16",
        ),
        (record(Mixing, geometry="cone"), GEOMETRY, "away from the cone of the context"),
        (record(OtherMixture, **CONE), GEOMETRY, "away from the mixture that its weights say"),
        (record(OtherBlend, **ANCHORED), GEOMETRY, "away from the blend with the centroid"),
        (record(Free, geometry="anchored"), GEOMETRY, "has to give raw, which"),
        (
            q_of(lambda m, raw, _: unit(raw + functional.dropout(raw, 0.2, True))),
            ("deterministic", STATE),
            "differs by up to",
        ),
        (q_of(leaking_in_crowds), "independent_of_the_batch", "with B, K, D = 65, 5, 16"),
        (record(OverwritingInTraining), "leaves_its_input", "in training"),
        (giving(raw=lambda raw: raw), FIELDS, "it fills raw, which `gives` does not name"),
        (
            giving("raw", raw=lambda raw: raw.sum(dim=-1)),
            FIELDS,
            "raw is (1,), not a tensor (1, 16",
        ),
        (record(Negative, gives=("weights",)), FIELDS, "the simplex: least -"),
        (record(Blends, gives=("raw",)), FIELDS, "it fills blend, which `gives` does not"),
        (parts(lambda raw: torch.ones(7)), FIELDS, "parts is (7,), not a tensor () or (1, …)"),
        (parts(lambda raw: raw.new_full((len(raw),), torch.inf)), FIELDS, "parts is not finite"),
        (parts(lambda raw: raw.new_full((len(raw),), torch.inf)), STATE, "parts differs"),
        (giving(rollout=lambda raw: raw[:, None]), FIELDS, "lvmctl's to fill"),
        (record(Free, gives=("raw",)), FIELDS, "`gives` names raw, which it does not fill"),
        (record(Free, gives=("rollout",)), FIELDS, "which is lvmctl's to fill"),
    ]
)

"""A model that breaks a rule fails its check and no other; a sound one passes all."""

from __future__ import annotations

import pytest
import torch
from judged import failures
from sound_models import ANCHORED, CONE, Anchored, Cone, Free, Mixing, assert_fails, each, outcomes
from torch import nn
from torch.nn import functional

from lvmctl import Prediction
from lvmctl.core.errors import UsageError
from lvmctl.sphere import anchored, mixture, unit
from lvmctl.testing.checks.model import CHECKS
from lvmctl.testing.checks.model_fit import FIT_CHECKS


class OneShape(Free):
    """Sound: it says which shapes it takes."""

    def __init__(self, options, shape):
        if shape.context_length < 5:
            raise UsageError("it needs five chunks", hint="use --context 5")
        super().__init__(options, shape)


SOUND = [
    (Free, {}),
    (Mixing, {"geometry": "span"}),
    (Cone, CONE),
    (Anchored, ANCHORED),
    (OneShape, {}),
]


@pytest.mark.parametrize(("model", "record"), SOUND)
def test_a_sound_model_passes(model, record):
    found = outcomes(model, **record)
    assert failures(found) == {}
    skipped = {name for name, outcome in found.items() if outcome.status == "skip"}
    fitted = {check.name for check in FIT_CHECKS} - {"has_fit_if_declared"}
    scores = {name for name in found if name.startswith("score")}
    assert skipped - {"declared_geometry"} == scores | fitted
    assert ("declared_geometry" in skipped) == ("geometry" not in record)


def test_refused_shapes_are_noted():
    why = outcomes(OneShape)["shapes"].why
    assert why.startswith("refuses K = 1, D = 16; K = 2, D = 16; ")
    assert outcomes(Free)["shapes"].why == ""


class Refusing(Free):
    def __init__(self, options, shape):
        raise UsageError("it needs 512 dimensions")


class Tuple(Free):
    def forward(self, context):
        return super().forward(context).q, None


class EveryPosition(Free):
    def forward(self, context):
        return Prediction(q=unit(context + self.raw(context)[:, None]))


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


class LongInTraining(Free):
    def forward(self, context):
        q = unit(self.raw(context))
        return Prediction(q=1.001 * q if self.training else q)


class Divided(nn.Module):
    """Opposite chunks have the mean zero."""

    def __init__(self, options, shape):
        super().__init__()

    def forward(self, context):
        mean = context.mean(dim=1)
        return Prediction(q=mean / mean.norm(dim=-1, keepdim=True))


class Leaving(Mixing):
    """In the span until a parameter moves."""

    def __init__(self, options, shape):
        super().__init__(options, shape)
        self.away = nn.Parameter(torch.zeros(shape.dim))

    def forward(self, context):
        mixed = super().forward(context).q
        return Prediction(q=unit(mixed + 0.01 * self.away))


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


class Dropping(Free):
    """Its dropout does not end with training."""

    def raw(self, context):
        return super().raw(functional.dropout(context, 0.2, True))


class Remembering(Free):
    """What it was asked before moves what it predicts."""

    def __init__(self, options, shape):
        super().__init__(options, shape)
        self.before = torch.zeros(shape.dim)

    def raw(self, context):
        raw = super().raw(context) + self.before
        self.before = 10 * context[-1, -1].detach()
        return raw


class Leaking(Free):
    def raw(self, context):
        raw = super().raw(context)
        return raw + 0.1 * raw.mean(dim=0)


class LeakingInCrowds(Free):
    def raw(self, context):
        raw = super().raw(context)
        return raw - raw.mean(dim=0) if len(raw) > 8 else raw


class Crowded(Free):
    def raw(self, context):
        return super().raw(context) + torch.zeros(64, 1)[: len(context)]


class CrowdedInTraining(Free):
    def raw(self, context):
        return super().raw(context) + (torch.zeros(64, 1)[: len(context)] if self.training else 0)


class Overwriting(Free):
    def raw(self, context):
        with torch.no_grad():
            context[:, 0] = 0
        return super().raw(context)


class OverwritingInTraining(Free):
    def raw(self, context):
        if self.training:
            with torch.no_grad():
                context[:, 0] = 0
        return super().raw(context)


TRAINED = ("finite_gradients", "finite_in_bf16")
REPEATED = ("deterministic", "independent_of_the_batch", "state_round_trips")

BROKEN = [
    (Faulty, {}, {"shapes": "K = 1, D = 16 it raised ValueError: a window of one chunk"}),
    (Normalised, {}, dict.fromkeys(("shapes", "unit_norm", *TRAINED), "B, K, D = 1, 5, 16")),
    (Long, {}, {"unit_norm": "weights = moved", "finite_in_bf16": "q has norm"}),
    (LongInTraining, {}, {"unit_norm": "q has norm 1.001, not 1 (smallest example:"}),
    (Divided, {}, dict.fromkeys(("unit_norm", *TRAINED), "contexts = opposite chunks")),
    (Leaving, {"geometry": "span"}, {"declared_geometry": "away from the span of the context"}),
    (Mixing, {"geometry": "cone"}, {"declared_geometry": "away from the cone of the context"}),
    (OtherMixture, CONE, {"declared_geometry": "away from the mixture that its weights say"}),
    (OtherBlend, ANCHORED, {"declared_geometry": "away from the blend with the centroid"}),
    (Dropping, {}, dict.fromkeys(REPEATED, "differs by up to")),
    (Remembering, {}, dict.fromkeys(REPEATED, "")),  # a flaky rule says so in words of its own
    (Leaking, {}, {"independent_of_the_batch": "q of a window alone differs by up to"}),
    (LeakingInCrowds, {}, {"independent_of_the_batch": "with B, K, D = 65, 5, 16"}),
    (Crowded, {}, dict.fromkeys(("shapes", "independent_of_the_batch"), "D = 65, 5, 16")),
    (CrowdedInTraining, {}, {"shapes": "D = 65, 5, 16, seed 0, training = True"}),
    (Overwriting, {}, {"leaves_its_input": "in evaluation"}),
    (OverwritingInTraining, {}, {"leaves_its_input": "in training"}),
    (Free, {"geometry": "anchored"}, {"declared_geometry": "has to give raw, which"}),
]


@each(BROKEN)
def test_a_broken_model_fails_what_it_breaks_and_nothing_else(model, record, expected):
    assert_fails(model, record, expected)


@pytest.mark.parametrize(
    ("model", "why"),
    [
        (Refusing, "it cannot be built for K = 5, D = 16: it needs 512 dimensions"),
        (Tuple, "it returned a tuple, not a Prediction"),
        (EveryPosition, "q is torch.float32 (1, 5, 16), not a float tensor (1, 16)"),
    ],
)
def test_what_is_no_prediction_is_named(model, why):
    shapes = [check for check in CHECKS if check.name == "shapes"]
    assert why in failures(outcomes(model, shapes))["shapes"]

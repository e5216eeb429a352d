"""A model that breaks a rule fails its check; a sound one passes all."""

from __future__ import annotations

import pytest
import torch
from testing.judged import fails, failures, judged
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


class Crowded(Free):
    """It has no room for a large batch."""

    def raw(self, context):
        return super().raw(context) + torch.zeros(64, 1)[: len(context)]


class LeakingInCrowds(Free):
    def raw(self, context):
        raw = super().raw(context)
        return raw - raw.mean(dim=0) if len(raw) > 8 else raw


class OverwritingInTraining(Free):
    def raw(self, context):
        if self.training:
            with torch.no_grad():
                context[:, 0] = 0
        return super().raw(context)


class Gives(Free):
    """It fills fields."""

    def forward(self, context):
        raw = self.raw(context)
        return Prediction(q=unit(raw), **self.fields(raw))


class Raw(Gives):
    def fields(self, raw):
        return {"raw": raw}


class FlatRaw(Gives):
    def fields(self, raw):
        return {"raw": raw.sum(dim=-1)}


class RollsOut(Gives):
    def fields(self, raw):
        return {"rollout": raw[:, None]}


class OfParts(Gives):
    """An extra of neither the batch nor the windows."""

    def fields(self, raw):
        return {"extras": {"parts": torch.ones(7)}}


class Endless(Gives):
    def fields(self, raw):
        return {"extras": {"parts": torch.full((len(raw),), torch.inf)}}


class Negative(Cone):
    """Its weights sum to one."""

    def forward(self, context):
        weights = 2 * self.weights(context) - 1 / context.shape[1]
        return Prediction(q=mixture(weights, context), weights=weights)


UNIT, GEOMETRY, STATE = "unit_norm", "declared_geometry", "state_round_trips"
TRAINED = ("finite_gradients", "finite_in_bf16")

test_a_broken_model_fails_what_it_breaks = fails(
    [
        (record(Refusing), UNIT, "it cannot be built for K = 5, D = 16: it needs 512 dimensions"),
        (record(Tuple), UNIT, "it returned a tuple, not a Prediction"),
        (record(EveryPosition), UNIT, "q is torch.float32 (1, 5, 16), not a float tensor (1, 16)"),
        (record(Faulty), UNIT, "K = 1, D = 16 it raised ValueError: a window of one chunk"),
        (record(Normalised), (UNIT, *TRAINED), "B, K, D = 1, 5, 16"),
        (record(Long), UNIT, "weights = moved"),
        (record(Long), "finite_in_bf16", "q has norm"),
        (record(LongInTraining), UNIT, "q has norm 1.001, not 1 (smallest example:"),
        (record(Divided), (UNIT, *TRAINED), "contexts = opposite chunks"),
        (record(Crowded), (UNIT, "independent_of_the_batch"), "D = 65, 5, 16"),
        (record(Mixing, geometry="cone"), GEOMETRY, "away from the cone of the context"),
        (record(OtherMixture, **CONE), GEOMETRY, "away from the mixture that its weights say"),
        (record(OtherBlend, **ANCHORED), GEOMETRY, "away from the blend with the centroid"),
        (record(Free, geometry="anchored"), GEOMETRY, "has to give raw, which"),
        (record(Dropping), "deterministic", "differs by up to"),
        (record(Dropping), STATE, "differs by up to"),
        (record(LeakingInCrowds), "independent_of_the_batch", "with B, K, D = 65, 5, 16"),
        (record(OverwritingInTraining), "leaves_its_input", "in training"),
        (record(Raw), "fields", "it fills raw, which `gives` does not name"),
        (record(FlatRaw, gives=("raw",)), "fields", "raw is (1,), not a tensor (1, 16)"),
        (record(Negative, gives=("weights",)), "fields", "the simplex: least -"),
        (record(Blends, gives=("raw",)), "fields", "it fills blend, which `gives` does not"),
        (record(OfParts, gives=("parts",)), "fields", "parts is (7,), not a tensor () or (1, …)"),
        (record(Endless, gives=("parts",)), "fields", "parts is not finite"),
        (record(Endless, gives=("parts",)), STATE, "parts differs"),
        (record(RollsOut), "fields", "lvmctl's to fill"),
        (record(Free, gives=("raw",)), "fields", "`gives` names raw, which it does not fill"),
        (record(Free, gives=("rollout",)), "fields", "which is lvmctl's to fill"),
    ]
)

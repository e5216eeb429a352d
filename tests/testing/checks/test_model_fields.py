"""A prediction holds what its record says, in the shape and the range that `Prediction` says."""

from __future__ import annotations

import torch
from sound_models import ANCHORED, CONE, Anchored, Cone, Free, assert_fails, each

from lvmctl import Prediction
from lvmctl.sphere import anchored, centroid, mixture, unit


class Filled(Free):
    def forward(self, context):
        raw = self.raw(context)
        return Prediction(q=unit(raw), raw=raw)


class FlatRaw(Free):
    def forward(self, context):
        raw = self.raw(context)
        return Prediction(q=unit(raw), raw=raw.sum(dim=-1))


class Unnormalised(Cone):
    """Its mixture is right, its weights are twice what they should be."""

    def forward(self, context):
        weights = self.weights(context)
        return Prediction(q=mixture(weights, context), weights=2 * weights)


class Negative(Cone):
    """Its weights sum to one."""

    def forward(self, context):
        weights = 2 * self.weights(context) - 1 / context.shape[1]
        return Prediction(q=mixture(weights, context), weights=weights)


class Overblended(Anchored):
    def at(self, step):
        with torch.no_grad():
            self.blend.fill_(1.3)


class Blends(Anchored):
    """A blend for every window."""

    def forward(self, context):
        raw, blend = self.raw(context), self.blend.expand(len(context), 1)
        q = anchored(raw, centroid(context), blend)
        return Prediction(q=q, raw=raw, extras={"blend": blend})


class OfParts(Free):
    """An extra of neither the batch nor the windows."""

    def forward(self, context):
        q = unit(self.raw(context))
        return Prediction(q=q, extras={"parts": torch.ones(7)})


class Endless(Free):
    def forward(self, context):
        q = unit(self.raw(context))
        return Prediction(q=q, extras={"parts": torch.full((len(q),), torch.inf)})


class RollsOut(Free):
    def forward(self, context):
        q = unit(self.raw(context))
        return Prediction(q=q, rollout=q[:, None])


BROKEN = [
    (Filled, {}, {"fields": "it fills raw, which `gives` does not name"}),
    (FlatRaw, {"gives": ("raw",)}, {"fields": "raw is (1,), not a tensor (1, 16)"}),
    (Unnormalised, CONE, {"fields": "the sums are 2 to 2"}),
    (Negative, {"geometry": "span", "gives": ("weights",)}, {"fields": "the least is -"}),
    (Overblended, ANCHORED, {"declared_geometry": "away from the blend with the centroid"}),
    (Blends, {**ANCHORED, "gives": ("raw",)}, {"fields": "it fills blend, which `gives` does not"}),
    (OfParts, {"gives": ("parts",)}, {"fields": "parts is (7,), not a tensor () or (1, …)"}),
    (
        Endless,
        {"gives": ("parts",)},
        {"fields": "parts is not finite", "state_round_trips": "parts differs by up to nan"},
    ),
    (RollsOut, {}, {"fields": "lvmctl's to fill"}),
    (Free, {"gives": ("raw",)}, {"fields": "`gives` names raw, which it does not fill"}),
    (Free, {"gives": ("rollout",)}, {"fields": "which is lvmctl's to fill or to log"}),
]


def test_a_blend_of_each_window_is_sound():
    assert_fails(Blends, ANCHORED, {})


@each(BROKEN)
def test_a_broken_model_fails_what_it_breaks_and_nothing_else(model, record, expected):
    assert_fails(model, record, expected)

"""A baseline that breaks a rule fails its check and no other; a sound one passes all."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from testing.judged import address, but, fails, failures, judged

from lvmctl.core.errors import UsageError
from lvmctl.registry.specs import BaselineSpec
from lvmctl.sphere import unit


class Last:
    """Sound."""

    def __init__(self, options, shape):
        self.shape = shape

    def __call__(self, context):
        return context[:, -1]


class Mean(Last):
    """Sound: it works on chunks of any norm."""

    def estimate(self, context):
        return context.mean(dim=1)

    def __call__(self, context):
        return unit(self.estimate(context))


class Fitted(Mean):
    """Sound: the mean of the window plus how far targets are from it on average."""

    shift = 0

    def fit(self, windows):
        self.shift = torch.from_numpy(self.learn(windows))

    def learn(self, windows):
        return self.away(windows)

    def away(self, windows):
        every = np.arange(len(windows))
        return windows.target(every).mean(axis=0) - windows.context(every).mean(axis=(0, 1))

    def estimate(self, context):
        return super().estimate(context) + self.shift


class Target(Last):
    """Sound."""

    def __call__(self, context, target):
        return target


class OneShape(Last):
    """Sound: it says which shapes it takes."""

    def __init__(self, options, shape):
        if shape.dim < 16:
            raise UsageError("it needs 16 dimensions")


FITTED = {"fitted": True, "centred": True}
SOUND = [
    (Last, {}),
    (Mean, {"centred": True}),
    (Fitted, FITTED),
    (Target, {"oracle": True}),
    (OneShape, {}),
]


def record(baseline, **details):
    return BaselineSpec(name="x", summary="A baseline.", target=address(baseline), **details)


@pytest.mark.parametrize(("baseline", "details"), SOUND)
def test_a_sound_baseline_passes(baseline, details):
    outcomes = judged(record(baseline, **details))
    assert failures(outcomes) == {}
    flags = {
        "fits_little_data": "fitted",
        "same_fit_twice": "fitted",
        "estimates_what_is_centred": "centred",
        "oracle_looks_at_the_target": "oracle",
    }
    for name, flag in flags.items():
        assert (outcomes[name].status == "pass") == details.get(flag, False)
    refused = "refuses K = 6, D = 8; K = 4, D = 3; K = 2, D = 2" if baseline is OneShape else ""
    assert outcomes["unit_norm"].why == refused


def asked(call, **details):
    """The record of a baseline that is called."""
    return record(but(Last, __call__=lambda self, *given: call(*given)), **details)


def learning(learn):
    """The record of a baseline that learns ``learn(windows)`` beside how far targets are away."""
    return record(but(Fitted, learn=lambda self, w: self.away(w) + learn(w)), **FITTED)


def refuse(self, options, shape):
    raise UsageError("it needs 512 dimensions")


def divided(context):
    mean = context.mean(dim=1)
    return mean / mean.norm(dim=-1, keepdim=True)


def zero(context):
    """Zero where chunks are identical, which have a direction."""
    alike = (context[:, :1] - context).abs().amax(dim=(1, 2)) < 1e-6
    return context[:, -1] * ~alike[:, None]


def leaking_in_crowds(context):
    away = 0.1 * context[:, -1].mean(dim=0) if len(context) > 8 else 0
    return unit(context[:, -1] - away)


def overwriting(context):
    context[:, :-1] = 0
    return context[:, -1]


def overwriting_target(context, target):
    target.copy_(unit(target + 1))
    return target.clone()


def overwriting_data(windows):
    windows.split.vectors[:1] = 0
    return 0


def whitened(windows):
    """One window has no deviation, and one dimension has no other."""
    target = windows.target(np.arange(len(windows)))
    return (1e-6 / target.std(axis=0)).astype(np.float32)


def unfinished(self, context):
    """Chunks that are centred are not of unit norm."""
    q = Fitted.estimate(self, context)
    return torch.where((context.norm(dim=-1) > 1.001).any(-1, keepdim=True), torch.nan, q)


SHORT = but(Mean, estimate=lambda self, context: context.mean(dim=1)[:1])
UNIT, DECLARES, LEAVES = "unit_norm", "has_what_it_declares", "leaves_its_input"
CENTRED = "estimates_what_is_centred"

test_a_broken_baseline_fails_what_it_breaks = fails(
    [
        (record(but(Last, __init__=refuse)), UNIT, "K = 5, D = 16: it needs 512 dimensions"),
        (record(Target), UNIT, "missing 1 required positional argument: 'target'"),
        (asked(lambda context: context), UNIT, "it returned (1, 5, 16), not (1, 16)"),
        (asked(lambda context: context[:, -1].long()), UNIT, "it returned torch.int64, not floats"),
        (asked(divided), UNIT, "q is not finite (smallest example: contexts = opposite"),
        (asked(zero), UNIT, "q has norm 0, not 1"),
        (record(Fitted), DECLARES, "`fit` is never called: declare fitted=True"),
        (record(Mean, fitted=True), DECLARES, "declared fitted and has no `fit`"),
        (record(Last, centred=True), DECLARES, "declared centred and has no `estimate`"),
        (learning(whitened), "fits_little_data", "not finite after a fit on one window"),
        (
            learning(lambda windows: torch.randn(windows.split.dim).numpy()),
            "same_fit_twice",
            "after a second fit",
        ),
        (asked(leaking_in_crowds), "independent_of_the_batch", "D = 65, 5, 16"),
        (asked(overwriting), LEAVES, "the context is changed"),
        (asked(overwriting_target, oracle=True), LEAVES, "the target is changed"),
        (learning(overwriting_data), LEAVES, "fit changes the vectors of the windows"),
        (record(but(Fitted, estimate=unfinished), **FITTED), CENTRED, "chunks is not finite for"),
        (record(SHORT, centred=True), CENTRED, "it returned (1, 16), not (8, 16)"),
        (
            asked(lambda context, target: context[:, -1], oracle=True),
            "oracle_looks_at_the_target",
            "oracle=False",
        ),
    ]
)

"""A baseline that breaks a rule fails its check and no other; a sound one passes all."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from testing.judged import assert_fails, failures, judged

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
    target = f"{__name__}:{baseline.__name__}"
    return BaselineSpec(name="x", summary="A baseline.", target=target, **details)


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


class Refusing(Last):
    def __init__(self, options, shape):
        raise UsageError("it needs 512 dimensions")


class Divided(Last):
    def __call__(self, context):
        mean = context.mean(dim=1)
        return mean / mean.norm(dim=-1, keepdim=True)


class Zero(Last):
    """Zero where chunks are identical, which have a direction."""

    def __call__(self, context):
        alike = (context[:, :1] - context).abs().amax(dim=(1, 2)) < 1e-6
        return context[:, -1] * ~alike[:, None]


class Whitened(Fitted):
    """One window has no deviation, and one dimension has no other."""

    def learn(self, windows):
        target = windows.target(np.arange(len(windows)))
        return super().learn(windows) + (1e-6 / target.std(axis=0)).astype(np.float32)


class Drawn(Fitted):
    def learn(self, windows):
        return torch.randn(self.shape.dim).numpy()


class LeakingInCrowds(Last):
    def __call__(self, context):
        away = 0.1 * context[:, -1].mean(dim=0) if len(context) > 8 else 0
        return unit(context[:, -1] - away)


class Overwriting(Last):
    def __call__(self, context):
        context[:, :-1] = 0
        return context[:, -1]


class OverwritingTarget(Target):
    def __call__(self, context, target):
        target.copy_(unit(target + 1))
        return target.clone()


class OverwritingData(Fitted):
    def learn(self, windows):
        module = super().learn(windows)
        windows.split.vectors[:1] = 0
        return module


class Unfinished(Fitted):
    def estimate(self, context):
        """Chunks that are centred are not of unit norm."""
        q = super().estimate(context)
        return torch.where((context.norm(dim=-1) > 1.001).any(-1, keepdim=True), torch.nan, q)


class Short(Mean):
    def estimate(self, context):
        return context.mean(dim=1)[:1]


class Blind(Target):
    def __call__(self, context, target):
        return context[:, -1]


class Wide(Last):
    def __call__(self, context):
        return context


class Counted(Last):
    def __call__(self, context):
        return context[:, -1].round().long()


BROKEN = [
    (Refusing, {}, {"unit_norm": "it cannot be built for K = 5, D = 16: it needs 512 dimensions"}),
    (Target, {}, {"unit_norm": "missing 1 required positional argument: 'target'"}),
    (Wide, {}, {"unit_norm": "it returned (1, 5, 16), not (1, 16)"}),
    (Counted, {}, {"unit_norm": "it returned torch.int64, not floats"}),
    (Divided, {}, {"unit_norm": "q is not finite (smallest example: contexts = opposite"}),
    (Zero, {}, {"unit_norm": "q has norm 0, not 1"}),
    (Fitted, {}, {"has_what_it_declares": "`fit` is never called: declare fitted=True"}),
    (Mean, {"fitted": True}, {"has_what_it_declares": "declared fitted and has no `fit`"}),
    (Last, {"centred": True}, {"has_what_it_declares": "declared centred and has no `estimate`"}),
    (Whitened, {"fitted": True}, {"fits_little_data": "not finite after a fit on one window"}),
    (Drawn, FITTED, {"same_fit_twice": "after a second fit"}),
    (LeakingInCrowds, {}, {"independent_of_the_batch": "D = 65, 5, 16"}),
    (Overwriting, {}, {"leaves_its_input": "the context is changed"}),
    (OverwritingTarget, {"oracle": True}, {"leaves_its_input": "the target is changed"}),
    (OverwritingData, FITTED, {"leaves_its_input": "fit changes the vectors of the windows"}),
    (Unfinished, FITTED, {"estimates_what_is_centred": "chunks is not finite for"}),
    (Short, {"centred": True}, {"estimates_what_is_centred": "it returned (1, 16), not (8, 16)"}),
    (Blind, {"oracle": True}, {"oracle_looks_at_the_target": "declare oracle=False"}),
]


@pytest.mark.parametrize(("baseline", "details", "expected"), BROKEN)
def test_a_broken_baseline_fails_what_it_breaks(baseline, details, expected):
    assert_fails(record(baseline, **details), expected)

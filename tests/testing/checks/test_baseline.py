"""A baseline that breaks a rule fails its check and no other; a sound one passes all."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from judged import failures, judged

from lvmctl.baselines.records import BASELINES
from lvmctl.core.errors import UsageError
from lvmctl.registry import load_registry
from lvmctl.registry.specs import BaselineSpec
from lvmctl.sphere import unit
from lvmctl.testing.checks.baseline import CHECKS
from lvmctl.testing.conformance import cases


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


def outcomes(baseline, **record):
    target = f"{__name__}:{baseline.__name__}"
    return judged(BaselineSpec(name="x", summary="A baseline.", target=target, **record), CHECKS)


@pytest.mark.parametrize(("baseline", "record"), SOUND)
def test_a_sound_baseline_passes(baseline, record):
    found = outcomes(baseline, **record)
    assert failures(found) == {}
    wanted = {
        "fits_little_data": "fitted",
        "same_fit_twice": "fitted",
        "estimates_what_is_centred": "centred",
        "oracle_looks_at_the_target": "oracle",
    }
    for name, flag in wanted.items():
        assert (found[name].status == "pass") == record.get(flag, False)


def test_refused_shapes_are_noted():
    why = outcomes(OneShape)["unit_norm"].why
    assert why == "refuses K = 6, D = 8; K = 4, D = 3; K = 2, D = 2"


class Refusing(Last):
    def __init__(self, options, shape):
        raise UsageError("it needs 512 dimensions")


class Long(Last):
    def __call__(self, context):
        return 1.001 * context[:, -1]


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


class Noisy(Last):
    def __call__(self, context):
        return unit(context[:, -1] + 0.01 * torch.randn_like(context[:, -1]))


class Leaking(Last):
    def __call__(self, context):
        return unit(context[:, -1] + 0.1 * context[:, -1].mean(dim=0))


class LeakingInCrowds(Last):
    def __call__(self, context):
        away = 0.1 * context[:, -1].mean(dim=0) if len(context) > 8 else 0
        return unit(context[:, -1] - away)


class Crowded(Last):
    def __call__(self, context):
        return context[:, -1] + torch.zeros(64, 1)[: len(context)]


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
        found = super().learn(windows)
        windows.split.vectors[:1] = 0
        return found


class Unfinished(Fitted):
    def estimate(self, context):
        """Chunks that are centred are not of unit norm."""
        found = super().estimate(context)
        return torch.where((context.norm(dim=-1) > 1.001).any(-1, keepdim=True), torch.nan, found)


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
    (Fitted, {}, {"has_what_it_declares": "`fit`, which nobody calls: declare fitted=True"}),
    (Mean, {"fitted": True}, {"has_what_it_declares": "declared fitted and has no `fit`"}),
    (Last, {"centred": True}, {"has_what_it_declares": "declared centred and has no `estimate`"}),
    (Long, {}, {"unit_norm": "q has norm 1.001, not 1"}),
    (Divided, {}, {"unit_norm": "q is not finite (smallest example: contexts = opposite"}),
    (Zero, {}, {"unit_norm": "q has norm 0, not 1"}),
    (Whitened, {"fitted": True}, {"fits_little_data": "size = one window"}),
    (Drawn, FITTED, {"same_fit_twice": "after a second fit"}),
    (Noisy, {}, {"deterministic": "second time", "independent_of_the_batch": "window alone"}),
    (Leaking, {}, {"independent_of_the_batch": "for a window alone"}),
    (LeakingInCrowds, {}, {"independent_of_the_batch": "D = 65, 5, 16"}),
    (Crowded, {}, dict.fromkeys(("unit_norm", "independent_of_the_batch"), "D = 65, 5, 16")),
    (Overwriting, {}, {"leaves_its_input": "the context is changed"}),
    (OverwritingTarget, {"oracle": True}, {"leaves_its_input": "the target is changed"}),
    (OverwritingData, FITTED, {"leaves_its_input": "fit changes the vectors of the windows"}),
    (Unfinished, FITTED, {"estimates_what_is_centred": "the estimate is not finite"}),
    (Blind, {"oracle": True}, {"oracle_looks_at_the_target": "declare oracle=False"}),
]


@pytest.mark.parametrize(("baseline", "record", "expected"), BROKEN)
def test_a_broken_baseline_fails_what_it_breaks(baseline, record, expected):
    found = failures(outcomes(baseline, **record))
    for name, why in expected.items():
        assert why in found[name]
    assert set(found) == set(expected), found


@pytest.mark.parametrize(
    ("baseline", "why"),
    [
        (Refusing, "it cannot be built for K = 5, D = 16: it needs 512 dimensions"),
        (Target, "missing 1 required positional argument: 'target'"),
        (Wide, "it returned (1, 5, 16), not (1, 16)"),
        (Counted, "it returned torch.int64, not floats"),
    ],
)
def test_what_is_no_prediction_is_named(baseline, why):
    assert why in failures(outcomes(baseline))["unit_norm"]


def test_an_estimate_has_a_row_for_every_context():
    found = failures(outcomes(Short, centred=True))["estimates_what_is_centred"]
    assert "it returned (1, 16), not (2, 16)" in found


def test_core_s_own_baselines_pass():
    registry = load_registry()
    for record in BASELINES:
        found = cases(f"core/{record.name}", registry=registry)
        ended = {case.check.name: case.outcome() for case in found if case.check in CHECKS}
        assert failures(ended) == {}, record.name
        assert ended

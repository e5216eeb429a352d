"""Checks of a loss's record and of the form of its output, and that core's own losses pass all."""

from __future__ import annotations

import pytest

from lvmctl.core.batch import LossOutput
from lvmctl.nn.losses.records import LOSSES
from lvmctl.registry import load_registry
from lvmctl.testing.conformance import cases

from sound_loss import Sound, faults  # isort: skip


class Shapeless(Sound):
    def __init__(self, options, shape):
        super().__init__(options, shape)
        if shape.context_length == 1:
            raise IndexError("no second chunk")


class NoModule:
    """Not what training can move to a device."""

    def __init__(self, options, shape):
        pass


class CountedInWords(Sound):
    negatives = "two"


class Number(Sound):
    def forward(self, prediction, batch, step):
        return LossOutput(super().forward(prediction, batch, step).total.item(), {})


class Vector(Sound):
    def forward(self, prediction, batch, step):
        each = self.each(prediction, batch, step)
        return LossOutput(each.mean(), {"far": each})


class Bare(Sound):
    def forward(self, prediction, batch, step):
        return super().forward(prediction, batch, step).total


class ComesAndGoes(Sound):
    def forward(self, prediction, batch, step):
        output = super().forward(prediction, batch, step)
        return LossOutput(
            output.total, output.terms, {"late": output.total * 0} if step.epoch > 9 else {}
        )


class OnlyInTraining(Sound):
    def forward(self, prediction, batch, step):
        output = super().forward(prediction, batch, step)
        late = {"late": output.total.detach()} if self.training else {}
        return LossOutput(output.total, output.terms, late)


class OnlyForSome(Sound):
    def forward(self, prediction, batch, step):
        output = super().forward(prediction, batch, step)
        late = {"late": output.total.detach()} if len(batch.target) > 1 else {}
        return LossOutput(output.total, output.terms, late)


class Alive(Sound):
    def forward(self, prediction, batch, step):
        output = super().forward(prediction, batch, step)
        return LossOutput(output.total, output.terms, {"twice": output.total * 2})


class TakesAName(Sound):
    def forward(self, prediction, batch, step):
        output = super().forward(prediction, batch, step)
        return LossOutput(output.total, output.terms, {"loss_far": output.total.detach()})


SOUND = [(Sound, {})]

BROKEN = [
    (Sound, {"needs": ("target", "weight", "previous")}, "declares_fields_that_exist", "previous"),
    (Sound, {"needs": "target"}, "declares_fields_that_exist", '("target",)'),
    (Sound, {"needs_prediction": ("alpha",)}, "declares_fields_that_exist", "alpha"),
    (Shapeless, {}, "is_built", "no second chunk"),
    (NoModule, {}, "is_built", "torch.nn.Module"),
    (CountedInWords, {}, "is_built", "'two'"),
    (Number, {}, "returns_scalars", "float, not a tensor"),
    (Vector, {}, "returns_scalars", "(8,)"),
    (Bare, {}, "returns_scalars", "LossOutput"),
    (ComesAndGoes, {}, "returns_scalars", "metric late"),
    (OnlyInTraining, {}, "returns_scalars", "metric late before"),
    (OnlyForSome, {}, "returns_scalars", "of 1 windows in epoch 1"),
    (Alive, {}, "returns_scalars", "twice carry a gradient"),
    (TakesAName, {}, "returns_scalars", "loss_far"),
]


@pytest.mark.parametrize(("loss", "declared"), SOUND)
def test_a_sound_loss_passes(loss, declared):
    assert faults(loss, **declared) == {}


@pytest.mark.parametrize(("loss", "declared", "check", "says"), BROKEN)
def test_a_broken_loss_fails_the_check_of_its_rule(loss, declared, check, says):
    found = faults(loss, **declared)
    assert found.keys() == {check}
    assert says in found[check]


@pytest.mark.parametrize("name", [record.name for record in LOSSES])
def test_core_s_own_losses_pass(name):
    found = [case.outcome() for case in cases(f"core/{name}", registry=load_registry())]
    assert [outcome for outcome in found if outcome.status == "fail"] == []

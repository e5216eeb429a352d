"""Checks of a loss's record and of the form of its output, and that core's own losses pass all."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from lvmctl import LossOutput
from lvmctl.nn.losses.records import LOSSES
from lvmctl.registry import load_registry
from lvmctl.sphere import cosine
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


class Unbuilt(nn.Module):
    """Without a constructor of its own."""

    def forward(self, prediction, batch, step):
        return 1 - cosine(prediction.q, batch.target)


class InParts(Sound):
    """Terms and metrics of windows and of none, live ones too."""

    def __init__(self, options, shape):
        super().__init__(options, shape)
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, prediction, batch, step):
        each = self.each(prediction, batch, step)
        terms = {"far": each, "small": 0.1 * (self.scale - 2) ** 2}
        return LossOutput(terms, {"twice": 2 * each, "most": each.max()})


class Asks(Sound):
    """A constructor that lvmctl has nothing for."""

    def __init__(self, width):
        super().__init__(None, None)


class Number(Sound):
    def forward(self, prediction, batch, step):
        return super().forward(prediction, batch, step).mean().item()


class Mean(Sound):
    def forward(self, prediction, batch, step):
        return super().forward(prediction, batch, step).mean()


class Matrix(Sound):
    def forward(self, prediction, batch, step):
        return LossOutput({"far": 1 - prediction.q @ batch.target.mT})


class NumberLogged(Sound):
    def forward(self, prediction, batch, step):
        return LossOutput({"far": self.each(prediction, batch, step)}, {"one": 1.0})


class Nothing(Sound):
    def forward(self, prediction, batch, step):
        return LossOutput({}, {"far": self.each(prediction, batch, step)})


class Logging(Sound):
    """What it logs beside its term."""

    def forward(self, prediction, batch, step):
        each = self.each(prediction, batch, step)
        return LossOutput({"far": each}, self.metrics(each, step))


class ComesAndGoes(Logging):
    def metrics(self, each, step):
        return {"late": each * 0} if step.epoch > 9 else {}


class OnlyInTraining(Logging):
    def metrics(self, each, step):
        return {"late": each} if self.training else {}


class OnlyForSome(Logging):
    def metrics(self, each, step):
        return {"late": each} if len(each) > 1 else {}


class TakesAName(Logging):
    def metrics(self, each, step):
        return {"loss_far": each}


SOUND = [(Sound, {}), (Unbuilt, {}), (InParts, {})]

BROKEN = [
    (Sound, {"needs": ("target", "previous")}, "declares_fields_that_exist", "previous"),
    (Sound, {"needs": ("target", "weight")}, "declares_fields_that_exist", "weight"),
    (Sound, {"needs": "target"}, "declares_fields_that_exist", '("target",)'),
    (Sound, {"needs_prediction": ("alpha",)}, "declares_fields_that_exist", "alpha"),
    (Shapeless, {}, "is_built", "no second chunk"),
    (NoModule, {}, "is_built", "torch.nn.Module"),
    (Asks, {}, "is_built", "asks for 'width', and is given options and shape by name"),
    (CountedInWords, {}, "is_built", "'two'"),
    (Number, {}, "returns_values_per_window", "or a LossOutput, this is float"),
    (Mean, {}, "returns_values_per_window", "one value per window, (8,), and not their mean"),
    (Matrix, {}, "returns_values_per_window", "its term far is (8, 8), not (8,) or ()"),
    (NumberLogged, {}, "returns_values_per_window", "its metric one is float"),
    (Nothing, {}, "returns_values_per_window", "no term"),
    (ComesAndGoes, {}, "returns_values_per_window", "metric late"),
    (OnlyInTraining, {}, "returns_values_per_window", "metric late before"),
    (OnlyForSome, {}, "returns_values_per_window", "of 1 windows in epoch 1"),
    (TakesAName, {}, "returns_values_per_window", "loss_far"),
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

"""The check of the weights that sample gates give."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from lvmctl.core.batch import LossOutput

from sound_loss import Sound, Verifier, faults, outcomes  # isort: skip


class Both(Sound):
    """Every target also looks for its prediction among all."""

    def forward(self, prediction, batch, step):
        scores = prediction.q @ batch.target.mT.to(prediction.q) / 0.5
        labels = torch.arange(len(scores))
        each = nn.functional.cross_entropy(scores.mT.float(), labels, reduction="none")
        loss = (each * batch.weight).mean()
        return LossOutput(loss, {"both": loss})


class Small(Verifier):
    """What it asks of its own parameters is no window's."""

    def forward(self, prediction, batch, step):
        read = super().forward(prediction, batch, step).total
        size = self.reader.weight.square().mean()
        return LossOutput(read + 0.01 * size, {"read": read, "size": size})


class NoWeight(Sound):
    def forward(self, prediction, batch, step):
        loss = self.each(prediction, batch, step).mean()
        return LossOutput(loss, {"far": loss})


class Unweighted(Sound):
    def forward(self, prediction, batch, step):
        loss = self.each(prediction, batch, step).mean() + 0 * batch.weight.mean()
        return LossOutput(loss, {"far": loss})


class WeightsOfNeighbours(Sound):
    def forward(self, prediction, batch, step):
        loss = (self.each(prediction, batch, step) * batch.weight.roll(1)).mean()
        return LossOutput(loss, {"far": loss})


class ByWeights(Sound):
    """0/0 where a gate lets no window through."""

    def forward(self, prediction, batch, step):
        loss = (self.each(prediction, batch, step) * batch.weight).sum() / batch.weight.sum()
        return LossOutput(loss, {"far": loss})


class UnweightedVerifier(Verifier):
    def forward(self, prediction, batch, step):
        loss = self.each(prediction, batch, step).mean() + 0 * batch.weight.mean()
        return LossOutput(loss, {"far": loss})


SOUND = [(Verifier, {}), (Small, {}), (Both, {})]

BROKEN = [
    (Unweighted, {}, "weight_zero_silences_a_window", "with all weights 0"),
    (WeightsOfNeighbours, {}, "weight_zero_silences_a_window", "of weight 0 has a gradient"),
    (ByWeights, {}, "weight_zero_silences_a_window", "with all weights 0"),
    (UnweightedVerifier, {}, "weight_zero_silences_a_window", "loss.reader"),
]


@pytest.mark.parametrize(("loss", "declared"), SOUND)
def test_a_sound_loss_passes(loss, declared):
    assert faults(loss, **declared) == {}


@pytest.mark.parametrize(("loss", "declared", "check", "says"), BROKEN)
def test_a_broken_loss_fails_the_check_of_its_rule(loss, declared, check, says):
    found = faults(loss, **declared)
    assert found.keys() == {check}
    assert says in found[check]


def test_a_loss_whose_windows_depend_on_each_other_is_tried_with_all_weights_zero():
    assert "others' predictions" in outcomes(Both)["weight_zero_silences_a_window"].why


def test_a_loss_that_declares_no_weight_is_not_asked():
    assert outcomes(NoWeight, needs=("target",))["weight_zero_silences_a_window"].status == "skip"
    assert faults(NoWeight, needs=("target",)) == {}

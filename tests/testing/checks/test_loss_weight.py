"""The check of what a loss returns for a window: sample gates weigh it."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from lvmctl import LossOutput

from sound_loss import Sound, Verifier, faults, outcomes  # isort: skip


class Both(Sound):
    """Every target also looks for its prediction among all."""

    def each(self, prediction, batch, step):
        scores = prediction.q @ batch.target.mT.to(prediction.q) / 0.5
        labels = torch.arange(len(scores))
        return nn.functional.cross_entropy(scores.mT.float(), labels, reduction="none")


class Small(Verifier):
    """What it asks of its own parameters is no window's."""

    def forward(self, prediction, batch, step):
        size = self.reader.weight.square().mean()
        return LossOutput({"read": self.each(prediction, batch, step), "size": 0.01 * size})


class Averaged(Sound):
    """Sample gates do not reach a mean."""

    def forward(self, prediction, batch, step):
        return LossOutput({"far": self.each(prediction, batch, step).mean()})


class OfNeighbours(Sound):
    def each(self, prediction, batch, step):
        return super().each(prediction, batch, step).roll(1)


class AveragedVerifier(Verifier):
    def forward(self, prediction, batch, step):
        return LossOutput({"far": self.each(prediction, batch, step).mean()})


SOUND = [(Verifier, {}), (Small, {}), (Both, {})]

BROKEN = [
    (Averaged, {}, "weight_zero_silences_a_window", "a scalar term is for what has no windows"),
    (OfNeighbours, {}, "weight_zero_silences_a_window", "of weight 0 has a gradient"),
    (AveragedVerifier, {}, "weight_zero_silences_a_window", "loss.reader"),
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

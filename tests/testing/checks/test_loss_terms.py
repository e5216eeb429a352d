"""The check that a total is made of its terms."""

from __future__ import annotations

import pytest

from lvmctl.core.batch import LossOutput
from lvmctl.sphere import cosine

from sound_loss import Sound, faults, outcomes  # isort: skip


class Adaptive(Sound):
    """A weight that changes with the batch, and is logged."""

    def forward(self, prediction, batch, step):
        far = super().forward(prediction, batch, step).total
        near = (cosine(prediction.q, batch.context[:, 0]) * batch.weight).mean()
        share = far.detach() / 2
        return LossOutput(far + share * near, {"far": far, "near": near}, {"share": share})


class Two(Sound):
    def forward(self, prediction, batch, step):
        far = super().forward(prediction, batch, step).total
        near = (cosine(prediction.q, batch.context[:, 0]) * batch.weight).mean()
        return LossOutput(2 * far - 0.5 * near, {"far": far, "near": near})


class Hides(Sound):
    """A penalty of 1 % that nobody sees."""

    def forward(self, prediction, batch, step):
        far = super().forward(prediction, batch, step).total
        hidden = (prediction.q[:, 0].square() * batch.weight).mean()
        return LossOutput(far + 0.01 * hidden, {"far": far})


class HidesAWeight(Adaptive):
    def forward(self, prediction, batch, step):
        output = super().forward(prediction, batch, step)
        return LossOutput(output.total, output.terms, {"zero": output.total.detach() * 0})


class NoTerm(Sound):
    def forward(self, prediction, batch, step):
        return LossOutput(super().forward(prediction, batch, step).total)


MORE = {"needs": ("target", "weight", "context")}

SOUND = [
    (Sound, {}, "total = 1·far"),
    (Two, MORE, "total = 2·far + -0.5·near"),
    (Adaptive, MORE, "the weights of far and near depend on the batch, as its metrics tell"),
]

BROKEN = [
    (Hides, {}, "total_is_the_weighted_terms", "far"),
    (HidesAWeight, MORE, "total_is_the_weighted_terms", "far and near"),
    (NoTerm, {}, "total_is_the_weighted_terms", "no term"),
]


@pytest.mark.parametrize(("loss", "declared", "note"), SOUND)
def test_a_sound_loss_passes(loss, declared, note):
    assert faults(loss, **declared) == {}
    assert outcomes(loss, **declared)["total_is_the_weighted_terms"].why == note


@pytest.mark.parametrize(("loss", "declared", "check", "says"), BROKEN)
def test_a_broken_loss_fails_the_check_of_its_rule(loss, declared, check, says):
    found = faults(loss, **declared)
    assert found.keys() == {check}
    assert says in found[check]

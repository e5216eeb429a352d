"""Values and gradients of losses: a broken rule fails its check."""

from __future__ import annotations

import math

import pytest
import torch
from testing.judged import assert_fails, failures, judged
from testing.sound_loss import Sound, Verifier, record
from torch import nn

from lvmctl import LossOutput
from lvmctl.core.errors import UsageError
from lvmctl.sphere import cosine


class Refusing(Sound):
    def __init__(self, options, shape):
        super().__init__(options, shape)
        if shape.context_length == 1:
            raise UsageError("a window of one chunk is too short")


class Logarithm(Sound):
    """Infinite where a prediction is opposite to its target."""

    def each(self, prediction, batch, step):
        return -torch.log1p(cosine(prediction.q, batch.target))


class Root(Sound):
    """Finite everywhere; its gradient at the target is not."""

    def each(self, prediction, batch, step):
        return (prediction.q - batch.target).square().sum(-1).sqrt()


class Ending(Sound):
    """Infinite in the last epoch."""

    def each(self, prediction, batch, step):
        return super().each(prediction, batch, step) / (1 - step.epoch / step.epochs)


class Crowded(Sound):
    def each(self, prediction, batch, step):
        return super().each(prediction, batch, step) + torch.zeros(64)[: len(batch)]


class Spread(Sound):
    """The standard deviation of one window is NaN."""

    def forward(self, prediction, batch, step):
        far = self.each(prediction, batch, step)
        spread = cosine(prediction.q, batch.target).std()
        return LossOutput({"far": far, "spread": 0.01 * spread.expand(len(far))})


class Float32Only(Sound):
    def each(self, prediction, batch, step):
        with torch.autocast("cpu", enabled=False):
            return 1 - torch.einsum("bd,bd->b", prediction.q, batch.target)


class LooksBack(Sound):
    """Shapes it cannot take are not refused."""

    def each(self, prediction, batch, step):
        return 2 + cosine(prediction.q, 0.1 * batch.context[:, -2] - batch.target)


class Narrow(Sound):
    def each(self, prediction, batch, step):
        return super().each(prediction, batch, step) * (math.nan if self.shape.dim > 512 else 1)


class Apart(Sound):
    """Predictions of a batch should differ: no objective of its own."""

    def each(self, prediction, batch, step):
        return cosine(prediction.q, prediction.q.roll(1, 0)) + 1


class Alike(Sound):
    """The same prediction for every window pays."""

    def each(self, prediction, batch, step):
        apart = 1 - cosine(prediction.q, prediction.q.roll(1, 0))
        return apart + 0.5 * (1 - cosine(prediction.q, batch.target))


class Detached(Sound):
    def each(self, prediction, batch, step):
        return 1 - cosine(prediction.q.detach(), batch.target)


class DetachedBesideItsOwn(Verifier):
    def each(self, prediction, batch, step):
        values = super().each(prediction, batch, step)
        return values + 1 - cosine(prediction.q.detach(), batch.target)


class BackwardsAlone(Sound):
    def each(self, prediction, batch, step):
        values = super().each(prediction, batch, step)
        return values if len(batch) > 1 else -values


class Contrast(Sound):
    """Each window's own target against the others'; of one window it says 0, within rounding."""

    def each(self, prediction, batch, step):
        logits = 5 * prediction.q @ batch.target.mT
        return logits.logsumexp(dim=1) - logits.diagonal() + 1e-6 * logits.diagonal()


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


SOUND = [
    (Refusing, {}),
    (Verifier, {}),
    (Apart, {"regulariser": True}),
    (Contrast, {}),
    (Verifier, {}),
    (Small, {}),
    (Both, {}),
]

BROKEN = [
    (Logarithm, {}, "finite_for_every_prediction", "kind = opposite"),
    (Root, {}, "finite_for_every_prediction", "gradient of q"),
    (Ending, {}, "finite_for_every_prediction", "NaN or infinite in epoch 20 of 20: total"),
    (Crowded, {}, "finite_for_every_prediction", "size = 65"),
    (Spread, {}, "finite_for_every_prediction", "size = 1"),
    (Float32Only, {}, "finite_in_bf16", "of bf16"),
    (LooksBack, {"needs": ("context", "target")}, "fits_every_shape", "context_length=1"),
    (Narrow, {}, "fits_every_shape", "at D = 768"),
    (Detached, {}, "gradient_reaches_the_prediction", "prediction.q"),
    (DetachedBesideItsOwn, {}, "gradient_reaches_the_prediction", "prediction.q"),
    (BackwardsAlone, {}, "target_scores_best", "in batches of one window the target scores"),
    (Apart, {}, "target_scores_best", "right angles"),
    (Alike, {}, "target_scores_best", "a constant"),
    (Averaged, {}, "weight_zero_silences_a_window", "a scalar term is for what has no windows"),
    (OfNeighbours, {}, "weight_zero_silences_a_window", "of weight 0 has a gradient"),
]


@pytest.mark.parametrize(("loss", "details"), SOUND)
def test_a_sound_loss_passes(loss, details):
    assert failures(judged(record(loss, **details))) == {}


@pytest.mark.parametrize(("loss", "details", "check", "why"), BROKEN)
def test_a_broken_loss_fails_the_check_of_its_rule(loss, details, check, why):
    assert_fails(record(loss, **details), {check: why})


def test_what_is_measured_is_reported():
    """1 - cos is 0 at the target and 1 at right angles; where cos is .5 its gradient is of norm
    √¾ beside q and ½ along it, 1 in all."""
    outcomes = judged(record(Sound))
    assert outcomes["fits_every_shape"].why == "total 0.5, gradient per window 1 at D = 768"
    assert "right angles 1, a constant" in outcomes["target_scores_best"].why
    assert judged(record(Verifier))["target_scores_best"].status == "skip"
    assert judged(record(Apart, regulariser=True))["target_scores_best"].status == "skip"
    coupled = judged(record(Both), ["weight_zero_silences_a_window"]).popitem()[1]
    assert "others' predictions" in coupled.why

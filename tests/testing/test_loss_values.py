"""Values and gradients of losses: a broken rule fails its check."""

from __future__ import annotations

import math

import torch
from testing.judged import but, fails, judged, passes
from testing.sound_loss import Sound, Verifier, each, far, record
from torch import nn

from lvmctl import LossOutput
from lvmctl.core.errors import UsageError
from lvmctl.sphere import cosine


class Refusing(Sound):
    def __init__(self, options, shape):
        super().__init__(options, shape)
        if shape.context_length == 1:
            raise UsageError("a window of one chunk is too short")


class Ending(Sound):
    """Infinite in the last epoch."""

    def each(self, prediction, batch, step):
        return super().each(prediction, batch, step) / (1 - step.epoch / step.epochs)


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


class Narrow(Sound):
    def each(self, prediction, batch, step):
        return super().each(prediction, batch, step) * (math.nan if self.shape.dim > 512 else 1)


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


def apart(prediction, batch):
    """Predictions of a batch should differ: no objective of its own."""
    return cosine(prediction.q, prediction.q.roll(1, 0)) + 1


def alike(prediction, batch):
    """The same prediction for every window pays."""
    return 2 - apart(prediction, batch) + 0.5 * far(prediction, batch)


AVERAGED = but(Sound, forward=lambda self, p, b, step: LossOutput({"far": far(p, b).mean()}))
"""Sample gates do not reach a mean."""

FINITE, SHAPES = "finite_for_every_prediction", "fits_every_shape"
REACHES, BEST = "gradient_reaches_the_prediction", "target_scores_best"
SILENT = "weight_zero_silences_a_window"

test_a_sound_loss_passes = passes(
    [
        record(Refusing),
        record(Verifier),
        each(apart, regulariser=True),
        record(Contrast),
        record(Small),
        record(Both),
    ]
)

test_a_broken_loss_fails_the_check_of_its_rule = fails(
    [
        (each(lambda p, b: -torch.log1p(cosine(p.q, b.target))), FINITE, "kind = opposite"),
        # Finite everywhere; its gradient at the target is not.
        (each(lambda p, b: (p.q - b.target).square().sum(-1).sqrt()), FINITE, "gradient of q"),
        (record(Ending), FINITE, "NaN or infinite in epoch 20 of 20: total"),
        (each(lambda p, b: far(p, b) + torch.zeros(64)[: len(b)]), FINITE, "size = 65"),
        (record(Spread), FINITE, "size = 1"),
        (record(Float32Only), "finite_in_bf16", "of bf16"),
        (
            each(lambda p, b: 1 + far(p, b) + b.context[:, -2, 0], needs=("context", "target")),
            SHAPES,
            "context_length=1",
        ),
        (record(Narrow), SHAPES, "at D = 768"),
        (each(lambda p, b: 1 - cosine(p.q.detach(), b.target)), REACHES, "prediction.q"),
        (record(DetachedBesideItsOwn), REACHES, "prediction.q"),
        (record(BackwardsAlone), BEST, "in batches of one window the target scores"),
        (each(apart), BEST, "right angles"),
        (each(alike), BEST, "a constant"),
        (record(AVERAGED), SILENT, "a scalar term is for what has no windows"),
        (each(lambda p, b: far(p, b).roll(1)), SILENT, "of weight 0 has a gradient"),
    ]
)


def test_what_is_measured_is_reported():
    """1 - cos is 0 at the target and 1 at right angles; where cos is .5 its gradient is of norm
    √¾ beside q and ½ along it, 1 in all."""
    outcomes = judged(record(Sound))
    assert outcomes["fits_every_shape"].why == "total 0.5, gradient per window 1 at D = 768"
    assert "right angles 1, a constant" in outcomes["target_scores_best"].why
    assert judged(record(Verifier))["target_scores_best"].status == "skip"
    assert judged(each(apart, regulariser=True))["target_scores_best"].status == "skip"
    coupled = judged(record(Both), ["weight_zero_silences_a_window"]).popitem()[1]
    assert "others' predictions" in coupled.why

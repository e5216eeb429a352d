"""What a loss declares, reads and remembers: a broken rule fails its check."""

from __future__ import annotations

import random

import pytest
import torch
from testing.judged import but, fails, judged, passes
from testing.sound_loss import Sound, each, far, record
from torch import nn

from lvmctl import LossOutput
from lvmctl.sphere import cosine


class Shapeless(Sound):
    def __init__(self, options, shape):
        super().__init__(options, shape)
        if shape.context_length == 1:
            raise IndexError("no second chunk")


class NoModule:
    """Not what training can move to a device."""

    def __init__(self, options, shape):
        pass


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


class Sparing(Sound):
    """It reads its share of everything that comes in a number."""

    negatives, rollout = 3, 2

    def each(self, prediction, batch, step):
        away = cosine(prediction.q[:, None], batch.negatives[:, :3]) * batch.negative_mask[:, :3]
        later = cosine(prediction.rollout[:, :2], batch.future[:, :2]) * batch.future_mask[:, :2]
        return 3 + 0.1 * away.mean(dim=1) - later.mean(dim=1)


class Remembering(Sound):
    """It keeps a running mean where it should."""

    def __init__(self, options, shape):
        super().__init__(options, shape)
        self.register_buffer("mean", torch.zeros(shape.dim))

    def each(self, prediction, batch, step):
        if self.training:
            self.mean.lerp_(batch.target.mean(0), 0.1)
        return 1 - cosine(prediction.q, batch.target - 0.1 * self.mean)


class Noisy(Sound):
    """Training keeps the state of torch's generator."""

    def each(self, prediction, batch, step):
        return super().each(prediction, batch, step) * (1 + 0.1 * torch.rand(()))


class Ranking(Sound):
    """It reads its share of the scores, the target's and three more."""

    negatives = 3

    def each(self, prediction, batch, step):
        return prediction.scores[:, :4].logsumexp(1) - prediction.scores[:, 0]


class Counts(Sound):
    """What it remembers would be forgotten when a run is resumed."""

    calls = 0

    def each(self, prediction, batch, step):
        self.calls += 1
        return super().each(prediction, batch, step) * (1 + self.calls)


class CountsLater(Sound):
    """The same twice in the first epoch alone."""

    calls = 0

    def each(self, prediction, batch, step):
        self.calls += step.epoch > 9
        return super().each(prediction, batch, step) * (1 + self.calls)


class Draws(Sound):
    """What it drew is in no state_dict."""

    def __init__(self, options, shape):
        super().__init__(options, shape)
        self.scales = 1 + torch.rand(shape.dim)

    def each(self, prediction, batch, step):
        return 2 - cosine(prediction.q * self.scales, batch.target)


def logging(**metrics):
    """The record of a loss that logs ``metric(loss, values, step)`` beside its term; None is left
    out."""

    def forward(self, prediction, batch, step):
        values = far(prediction, batch)
        logged = {name: metric(self, values, step) for name, metric in metrics.items()}
        return LossOutput({"far": values}, {k: v for k, v in logged.items() if v is not None})

    return record(but(Sound, forward=forward))


def giving(output):
    """The record of a loss that gives ``output(prediction, batch)``."""
    return record(but(Sound, forward=lambda self, p, b, step: output(p, b)))


def share_of_negatives(prediction, batch):
    return far(prediction, batch) + 0.1 * (cosine(prediction.q[:, None], batch.negatives)).sum(1)


COUNTED = ("negatives", "negative_mask", "future", "future_mask")
NEGATIVES = "batch.negatives[:, : self.negatives]"
SCORES = {"needs": (), "needs_prediction": ("scores",)}
DICE = each(lambda p, b: far(p, b) * (1 + random.random()))
"""What it draws is of no generator that training keeps."""

FIELDS, BUILT, VALUES = "declares_fields_that_exist", "is_built", "returns_values_per_window"
READS, SHARE = "reads_only_what_it_declares", "reads_its_share"

test_a_sound_loss_passes = passes(
    [
        record(Sound),
        record(Unbuilt),
        record(InParts),
        record(Sparing, needs=COUNTED, needs_prediction=("rollout",)),
        record(Remembering),
        record(Ranking, **SCORES),
    ]
)

test_a_broken_loss_fails_the_check_of_its_rule = fails(
    [
        (record(Sound, needs=("target", "previous")), FIELDS, "previous"),
        (record(Sound, needs=("target", "weight")), FIELDS, "weight"),
        (record(Sound, needs="target"), FIELDS, '("target",)'),
        (record(Sound, needs_prediction=("alpha",)), FIELDS, "alpha"),
        (record(Shapeless), BUILT, "no second chunk"),
        (record(NoModule), BUILT, "torch.nn.Module"),
        (record(Asks), BUILT, "parameter 'width', and may have options and shape"),
        (giving(lambda p, b: far(p, b).mean().item()), VALUES, "or a LossOutput, this is float"),
        (giving(lambda p, b: LossOutput({"far": 1 - p.q @ b.target.mT})), VALUES, "(8, 8), not"),
        (giving(lambda p, b: LossOutput({}, {"far": far(p, b)})), VALUES, "no term"),
        (logging(late=lambda loss, v, step: v if step.epoch > 9 else None), VALUES, "metric late"),
        (
            logging(late=lambda loss, v, step: v if loss.training else None),
            VALUES,
            "metric late before",
        ),
        (logging(loss_far=lambda loss, v, step: v), VALUES, "loss_far"),
        (each(lambda p, b: 2 + cosine(p.q, 0.1 * b.last - b.target)), READS, "batch.last"),
        (
            each(lambda p, b: far(p, b) + 0.01 * p.raw.norm(dim=-1).detach()),
            READS,
            "prediction.raw",
        ),
        (each(lambda p, b: far(p, b) + (p.weights is not None)), READS, "prediction.weights"),
        (each(share_of_negatives, needs=("target", "negatives")), SHARE, NEGATIVES),
        (each(lambda p, b: p.scores.logsumexp(1) - p.scores[:, 0], **SCORES), SHARE, NEGATIVES),
        (
            each(lambda p, b: 1 - cosine(p.q, b.target.mul_(0.5))),
            "changes_nothing_it_is_given",
            "batch.target",
        ),
        (record(Counts), "same_input_same_output", "called again"),
        (DICE, "same_input_same_output", "called again"),
        (record(Draws), "state_dict_has_it_all", "state_dict"),
    ]
)


def test_what_is_no_fault_is_reported():
    outcomes = judged(record(Sound, needs=("target", "negatives")))
    unread = "with these options it does not read negatives"
    assert outcomes["reads_only_what_it_declares"].why == unread
    random_one = judged(record(Noisy), ["same_input_same_output"])["same_input_same_output"]
    assert (random_one.status, random_one.why) == ("pass", "it draws from torch's generator")


@pytest.mark.parametrize("loss", [record(CountsLater), DICE])
def test_nothing_is_reported_of_a_loss_that_changes_by_itself(loss):
    names = ("reads_only_what_it_declares", "reads_its_share")
    for outcome in judged(loss, names).values():
        assert (outcome.status, outcome.why) == ("skip", "it is not deterministic")

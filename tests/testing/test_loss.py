"""What a loss declares, reads and remembers: a broken rule fails its check."""

from __future__ import annotations

import random

import pytest
import torch
from testing.judged import assert_fails, failures, judged
from testing.sound_loss import Sound, record
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


class Number(Sound):
    def forward(self, prediction, batch, step):
        return super().forward(prediction, batch, step).mean().item()


class Matrix(Sound):
    def forward(self, prediction, batch, step):
        return LossOutput({"far": 1 - prediction.q @ batch.target.mT})


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


class TakesAName(Logging):
    def metrics(self, each, step):
        return {"loss_far": each}


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


class ReadsLast(Sound):
    def each(self, prediction, batch, step):
        return 2 + cosine(prediction.q, 0.1 * batch.last - batch.target)


class ReadsRaw(Sound):
    def each(self, prediction, batch, step):
        return super().each(prediction, batch, step) + 0.01 * prediction.raw.norm(dim=-1).detach()


class PeeksAtWeights(Sound):
    def each(self, prediction, batch, step):
        peeked = 0.1 if prediction.weights is not None else 0.0
        return super().each(prediction, batch, step) + peeked


class Greedy(Sound):
    negatives = 2

    def each(self, prediction, batch, step):
        away = cosine(prediction.q[:, None], batch.negatives) * batch.negative_mask
        return super().each(prediction, batch, step) + 0.1 * away.sum(1)


class Ranking(Sound):
    """It reads its share of the scores, the target's and three more."""

    negatives = 3

    def each(self, prediction, batch, step):
        return prediction.scores[:, :4].logsumexp(1) - prediction.scores[:, 0]


class GreedyRanking(Ranking):
    def each(self, prediction, batch, step):
        return prediction.scores.logsumexp(1) - prediction.scores[:, 0]


class ChangesTarget(Sound):
    def each(self, prediction, batch, step):
        return 1 - cosine(prediction.q, batch.target.mul_(0.5))


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


class Dice(Sound):
    """What it draws is of no generator that training keeps."""

    def each(self, prediction, batch, step):
        return super().each(prediction, batch, step) * (1 + random.random())


class Draws(Sound):
    """What it drew is in no state_dict."""

    def __init__(self, options, shape):
        super().__init__(options, shape)
        self.scales = 1 + torch.rand(shape.dim)

    def each(self, prediction, batch, step):
        return 2 - cosine(prediction.q * self.scales, batch.target)


COUNTED = ("negatives", "negative_mask", "future", "future_mask")

SOUND = [
    (Sound, {}),
    (Unbuilt, {}),
    (InParts, {}),
    (Sparing, {"needs": COUNTED, "needs_prediction": ("rollout",)}),
    (Remembering, {}),
    (Ranking, {"needs": (), "needs_prediction": ("scores",)}),
]

BROKEN = [
    (Sound, {"needs": ("target", "previous")}, "declares_fields_that_exist", "previous"),
    (Sound, {"needs": ("target", "weight")}, "declares_fields_that_exist", "weight"),
    (Sound, {"needs": "target"}, "declares_fields_that_exist", '("target",)'),
    (Sound, {"needs_prediction": ("alpha",)}, "declares_fields_that_exist", "alpha"),
    (Shapeless, {}, "is_built", "no second chunk"),
    (NoModule, {}, "is_built", "torch.nn.Module"),
    (Asks, {}, "is_built", "parameter 'width', and may have options and shape"),
    (Number, {}, "returns_values_per_window", "or a LossOutput, this is float"),
    (Matrix, {}, "returns_values_per_window", "its term far is (8, 8), not (8,) or ()"),
    (Nothing, {}, "returns_values_per_window", "no term"),
    (ComesAndGoes, {}, "returns_values_per_window", "metric late"),
    (OnlyInTraining, {}, "returns_values_per_window", "metric late before"),
    (TakesAName, {}, "returns_values_per_window", "loss_far"),
    (ReadsLast, {}, "reads_only_what_it_declares", "batch.last"),
    (ReadsRaw, {}, "reads_only_what_it_declares", "prediction.raw"),
    (PeeksAtWeights, {}, "reads_only_what_it_declares", "prediction.weights"),
    (
        Greedy,
        {"needs": ("target", "negatives", "negative_mask")},
        "reads_its_share",
        "batch.negatives[:, : self.negatives]",
    ),
    (
        GreedyRanking,
        {"needs": (), "needs_prediction": ("scores",)},
        "reads_its_share",
        "batch.negatives[:, : self.negatives]",
    ),
    (ChangesTarget, {}, "changes_nothing_it_is_given", "batch.target"),
    (Counts, {}, "same_input_same_output", "called again"),
    (Dice, {}, "same_input_same_output", "called again"),
    (Draws, {}, "state_dict_has_it_all", "state_dict"),
]


@pytest.mark.parametrize(("loss", "details"), SOUND)
def test_a_sound_loss_passes(loss, details):
    assert failures(judged(record(loss, **details))) == {}


@pytest.mark.parametrize(("loss", "details", "check", "why"), BROKEN)
def test_a_broken_loss_fails_the_check_of_its_rule(loss, details, check, why):
    assert_fails(record(loss, **details), {check: why})


def test_what_is_no_fault_is_reported():
    outcomes = judged(record(Sound, needs=("target", "negatives")))
    unread = "with these options it does not read negatives"
    assert outcomes["reads_only_what_it_declares"].why == unread
    random_one = judged(record(Noisy), ["same_input_same_output"])["same_input_same_output"]
    assert (random_one.status, random_one.why) == ("pass", "it draws from torch's generator")


@pytest.mark.parametrize("loss", [CountsLater, Dice])
def test_nothing_is_reported_of_a_loss_that_changes_by_itself(loss):
    names = ("reads_only_what_it_declares", "reads_its_share")
    for outcome in judged(record(loss), names).values():
        assert (outcome.status, outcome.why) == ("skip", "it is not deterministic")

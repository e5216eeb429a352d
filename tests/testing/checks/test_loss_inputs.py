"""Checks of what losses read, leave alone and remember."""

from __future__ import annotations

import random

import pytest
import torch

from lvmctl.sphere import cosine

from sound_loss import Sound, faults, outcomes  # isort: skip


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


class ReadsLastLater(Sound):
    def each(self, prediction, batch, step):
        away = 0.1 * batch.last if step.epoch > 9 else 0
        return 2 + cosine(prediction.q, away - batch.target)


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


class GreedyRollout(Sound):
    rollout = 2

    def each(self, prediction, batch, step):
        return 1 - cosine(prediction.rollout, batch.future).mean(1)


class ChangesTarget(Sound):
    def each(self, prediction, batch, step):
        return 1 - cosine(prediction.q, batch.target.mul_(0.5))


class ChangesRaw(Sound):
    def each(self, prediction, batch, step):
        return super().each(prediction, batch, step) + 0.1 * prediction.raw.mul_(0.5).mean(1) ** 2


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


class Further(Sound):
    def each(self, prediction, batch, step):
        return 2 * super().each(prediction, batch, step)


class Cheats(Sound):
    """A copy is another loss."""

    def __deepcopy__(self, memo):
        return Further(None, self.shape)


class Draws(Sound):
    """What it drew is in no state_dict."""

    def __init__(self, options, shape):
        super().__init__(options, shape)
        self.scales = 1 + torch.rand(shape.dim)

    def each(self, prediction, batch, step):
        return 2 - cosine(prediction.q * self.scales, batch.target)


COUNTED = ("negatives", "negative_mask", "future", "future_mask")

SOUND = [
    (Sparing, {"needs": COUNTED, "needs_prediction": ("rollout",)}),
    (Remembering, {}),
    (Ranking, {"needs": (), "needs_prediction": ("scores",)}),
]

BROKEN = [
    (ReadsLast, {}, "reads_only_what_it_declares", "batch.last"),
    (ReadsLastLater, {}, "reads_only_what_it_declares", "batch.last"),
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
    (
        GreedyRollout,
        {"needs": ("future",), "needs_prediction": ("rollout",)},
        "reads_its_share",
        "prediction.rollout[:, : self.rollout]",
    ),
    (ChangesTarget, {}, "changes_nothing_it_is_given", "batch.target"),
    (ChangesRaw, {"needs_prediction": ("raw",)}, "changes_nothing_it_is_given", "prediction.raw"),
    (Counts, {}, "same_input_same_output", "called again"),
    (Dice, {}, "same_input_same_output", "called again"),
    (Cheats, {}, "same_input_same_output", "copy"),
    (Draws, {}, "state_dict_has_it_all", "state_dict"),
]

ALSO = {Counts: {"state_dict_has_it_all"}, Dice: {"state_dict_has_it_all"}}
"""Rules that such a loss cannot but break as well."""


@pytest.mark.parametrize(("loss", "declared"), SOUND)
def test_a_sound_loss_passes(loss, declared):
    assert faults(loss, **declared) == {}


@pytest.mark.parametrize(("loss", "declared", "check", "says"), BROKEN)
def test_a_broken_loss_fails_the_check_of_its_rule(loss, declared, check, says):
    found = faults(loss, **declared)
    assert found.keys() == {check} | ALSO.get(loss, set())
    assert says in found[check]


def test_a_declared_field_that_is_not_read_is_reported():
    found = outcomes(Sound, needs=("target", "negatives"))
    assert (
        found["reads_only_what_it_declares"].why == "with these options it does not read negatives"
    )


@pytest.mark.parametrize("loss", [Counts, CountsLater, Dice])
def test_nothing_is_told_from_a_loss_that_changes_by_itself(loss):
    found = outcomes(loss)
    for check in ("reads_only_what_it_declares", "reads_its_share"):
        assert (found[check].status, found[check].why) == ("skip", "it is not deterministic")


def test_randomness_is_reported():
    found = outcomes(Noisy)
    assert found["same_input_same_output"].why == "it draws from torch's generator"
    assert found["same_input_same_output"].status == "pass"
    torch.manual_seed(1)
    assert outcomes(Noisy) == found

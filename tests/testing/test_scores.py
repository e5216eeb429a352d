"""A score that breaks a rule fails its check and no other, be it a model's or a baseline's."""

from __future__ import annotations

import pytest
import torch
from testing.judged import assert_fails, failures, judged
from testing.sound_models import Free
from testing.sound_models import record as model

from lvmctl.registry.specs import BaselineSpec
from lvmctl.sphere import unit
from lvmctl.testing.conformance import checks

SCORES = [check.name for check in checks("baseline") if check.name.startswith("score")]


class Last:
    """A sound baseline; what follows ranks by the cosine to its q in a way of its own."""

    def __init__(self, options, shape):
        pass

    def __call__(self, context):
        return context[:, -1]

    def score(self, context, pool):
        return self(context) @ pool.vectors.T


class Spread(Last):
    """Sound: a share of the whole pool keeps the order of the candidates."""

    def score(self, context, pool):
        return (5 * super().score(context, pool)).softmax(dim=-1)


class Masked(Last):
    """Sound: what is no candidate has no score."""

    def score(self, context, pool):
        return super().score(context, pool).masked_fill(~pool.candidates, -torch.inf)


class Large(Last):
    """Sound: scores may have any size."""

    def score(self, context, pool):
        return 1e6 + 1e3 * super().score(context, pool)


class RankingModel(Free):
    """Sound."""

    def score(self, context, pool):
        return self(context).q @ pool.vectors.T


class Transposed(Last):
    def score(self, context, pool):
        return super().score(context, pool).T


class Unfinished(Last):
    """A candidate at a right angle or further has no score."""

    def score(self, context, pool):
        return super().score(context, pool).log()


class Overwriting(Last):
    def score(self, context, pool):
        pool.vectors.mul_(0.5)
        return super().score(context, pool)


class OverwritingCandidates(Last):
    def score(self, context, pool):
        pool.candidates[:] = True
        return super().score(context, pool)


class InOrder(Last):
    """Of equals the first wins."""

    def score(self, context, pool):
        return super().score(context, pool) - 0.05 * torch.arange(len(pool.vectors))


class Centred(Last):
    """The mean of the pool has what is no candidate in it."""

    def score(self, context, pool):
        mean = pool.vectors.mean(dim=0)
        return unit(self(context) - mean) @ unit(pool.vectors - mean).T


class Together(Last):
    def score(self, context, pool):
        return unit(self(context) + self(context).mean(dim=0)) @ pool.vectors.T


class TogetherModel(RankingModel):
    def score(self, context, pool):
        q = self(context).q
        return unit(q + q.mean(dim=0)) @ pool.vectors.T


def record(scored):
    target = f"{__name__}:{scored.__name__}"
    return BaselineSpec(name="x", summary="A baseline.", target=target)


@pytest.mark.parametrize("scored", [Last, Spread, Masked, Large])
def test_a_sound_score_passes(scored):
    outcomes = judged(record(scored), SCORES)
    assert failures(outcomes) == {}
    assert {outcome.status for outcome in outcomes.values()} == {"pass"}


BROKEN = [
    (Transposed, "score_for_each_candidate", "score returned (2, 1), not (1, 2)"),
    (Unfinished, "score_for_each_candidate", "the score of a candidate is not finite"),
    (Overwriting, "score_for_each_candidate", "score changed pool.vectors"),
    (OverwritingCandidates, "score_for_each_candidate", "score changed pool.candidates"),
    (InOrder, "score_ignores_the_order_of_the_pool", "chunks = 2"),
    (Centred, "score_ignores_what_is_no_candidate", "scores differ by up to"),
    (Together, "score_ignores_other_contexts", "batch = 2"),
]


@pytest.mark.parametrize(("scored", "check", "why"), BROKEN)
def test_a_broken_score_fails_what_it_breaks(scored, check, why):
    assert_fails(record(scored), {check: why})


def test_the_score_of_a_model_is_checked_too():
    outcomes = judged(model(RankingModel), SCORES)
    assert {outcome.status for outcome in outcomes.values()} == {"pass"}
    assert_fails(model(TogetherModel), {"score_ignores_other_contexts": "scores differ"})
    skipped = judged(model(Free), SCORES)["score_for_each_candidate"]
    assert (skipped.status, "ranked by cosine" in skipped.why) == ("skip", True)

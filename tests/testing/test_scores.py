"""A score that breaks a rule fails its check and no other, be it a model's or a baseline's."""

from __future__ import annotations

import pytest
import torch
from testing.judged import address, but, fails, failures, judged
from testing.sound_models import Free
from testing.sound_models import record as model

from lvmctl.registry.specs import BaselineSpec
from lvmctl.sphere import unit
from lvmctl.testing.conformance import checks

SCORES = [check.name for check in checks("baseline") if check.name.startswith("score")]


class Last:
    """A sound baseline."""

    def __init__(self, options, shape):
        pass

    def __call__(self, context):
        return context[:, -1]


class RankingModel(Free):
    """Sound."""

    def score(self, context, pool):
        return self(context).q @ pool.vectors.T


def cosines(context, pool):
    return context[:, -1] @ pool.vectors.T


def overwriting(context, pool):
    pool.vectors.mul_(0.5)
    return cosines(context, pool)


def overwriting_candidates(context, pool):
    pool.candidates[:] = True
    return cosines(context, pool)


def centred(context, pool):
    """The mean of the pool has what is no candidate in it."""
    mean = pool.vectors.mean(dim=0)
    return unit(context[:, -1] - mean) @ unit(pool.vectors - mean).T


def together(q, pool):
    return unit(q + q.mean(dim=0)) @ pool.vectors.T


def scoring(score):
    """The record of a baseline that scores ``score(context, pool)``."""
    target = address(but(Last, score=lambda self, context, pool: score(context, pool)))
    return BaselineSpec(name="x", summary="A baseline.", target=target)


@pytest.mark.parametrize(
    "score",
    [
        cosines,
        # A share of the whole pool keeps the order of the candidates.
        lambda context, pool: (5 * cosines(context, pool)).softmax(dim=-1),
        lambda context, pool: cosines(context, pool).masked_fill(~pool.candidates, -torch.inf),
        lambda context, pool: 1e6 + 1e3 * cosines(context, pool),
    ],
    ids=["cosines", "shares", "masked", "large"],
)
def test_a_sound_score_passes(score):
    outcomes = judged(scoring(score), SCORES)
    assert failures(outcomes) == {}
    assert {outcome.status for outcome in outcomes.values()} == {"pass"}


EACH = "score_for_each_candidate"

test_a_broken_score_fails_what_it_breaks = fails(
    [
        (scoring(lambda c, pool: cosines(c, pool).T), EACH, "score returned (2, 1), not (1, 2)"),
        # A candidate at a right angle or further has no score.
        (scoring(lambda c, pool: cosines(c, pool).log()), EACH, "of a candidate is not finite"),
        (scoring(overwriting), EACH, "score changed pool.vectors"),
        (scoring(overwriting_candidates), EACH, "score changed pool.candidates"),
        (
            scoring(lambda c, pool: cosines(c, pool) - 0.05 * torch.arange(len(pool.vectors))),
            "score_ignores_the_order_of_the_pool",
            "chunks = 2",
        ),
        (scoring(centred), "score_ignores_what_is_no_candidate", "scores differ by up to"),
        (
            scoring(lambda context, pool: together(context[:, -1], pool)),
            "score_ignores_other_contexts",
            "batch = 2",
        ),
    ]
)


def test_the_score_of_a_model_is_checked_too():
    outcomes = judged(model(RankingModel), SCORES)
    assert {outcome.status for outcome in outcomes.values()} == {"pass"}
    name = "score_ignores_other_contexts"
    mixing = but(Free, score=lambda self, context, pool: together(self(context).q, pool))
    assert "scores differ" in failures(judged(model(mixing), [name]))[name]
    skipped = judged(model(Free), SCORES)["score_for_each_candidate"]
    assert (skipped.status, "ranked by cosine" in skipped.why) == ("skip", True)

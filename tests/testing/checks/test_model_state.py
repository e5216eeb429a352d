"""What is kept of a model: all that its predictions depend on, and a program."""

from __future__ import annotations

import pytest
import torch
from judged import failures
from sound_models import Free, assert_fails, each, outcomes

from lvmctl.testing.checks.model_state import exportable


class Scheduled(Free):
    """Sound: what `at` tells it lives in a buffer."""

    def __init__(self, options, shape):
        super().__init__(options, shape)
        self.register_buffer("late", torch.zeros(()))

    def at(self, step):
        self.late.fill_(step.epoch)

    def raw(self, context):
        return super().raw(context) + self.late * context[:, -1]


def test_what_training_tells_may_live_in_buffers():
    assert failures(outcomes(Scheduled)) == {}


class Forgetful(Scheduled):
    """What `at` tells it is no part of its state."""

    def __init__(self, options, shape):
        super().__init__(options, shape)
        self.register_buffer("late", torch.zeros(()), persistent=False)


class Projecting(Free):
    """A part of it is random, and not kept."""

    def __init__(self, options, shape):
        super().__init__(options, shape)
        self.projection = torch.randn(shape.dim, shape.dim)

    def raw(self, context):
        return super().raw(context) @ self.projection


class Objects(Free):
    def get_extra_state(self):
        return self.shape

    def set_extra_state(self, state):
        self.shape = state


class Growing(Free):
    """Its state has a tensor more once it was used."""

    def raw(self, context):
        self.register_buffer("seen", torch.tensor(len(context)))
        return super().raw(context)


BROKEN = [
    (Forgetful, {}, {"state_round_trips": "q differs by up to"}),
    (Projecting, {}, {"state_round_trips": "after loading"}),
    (Objects, {}, {"state_round_trips": "more than tensors and plain values"}),
    (Growing, {}, {"state_round_trips": "does not fit a new model: "}),
]


@each(BROKEN)
def test_a_broken_model_fails_what_it_breaks_and_nothing_else(model, record, expected):
    assert_fails(model, record, expected)


class FixedBatch(Free):
    def raw(self, context):
        return super().raw(context) + torch.zeros(len(context), 1)


class Choosing(Free):
    """Which way it goes depends on the numbers."""

    def raw(self, context):
        raw = super().raw(context)
        return raw if raw.sum() > 0 else -raw


class Counting(Free):
    """A program remembers how often it was called before it was made."""

    calls = 0

    def raw(self, context):
        self.calls += 1
        return super().raw(context) + self.calls


@pytest.mark.parametrize(
    ("model", "status", "why"),
    [
        (Free, "pass", "for any B"),
        (FixedBatch, "pass", "for a fixed B only"),
        (Choosing, "fail", "torch.export cannot read it: "),
        (Counting, "fail", "q of the exported program differs by up to"),
    ],
)
def test_a_model_becomes_a_program_that_predicts_the_same(model, status, why):
    found = outcomes(model, [exportable])["exportable"]
    assert found.status == status, found
    assert why in found.why

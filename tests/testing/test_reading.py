"""A model that reads more than vectors is checked on chunks that have it; one that reads what it
does not declare, or where chunks stand, fails."""

from __future__ import annotations

import pytest
from testing.judged import fails, failures, judged
from testing.sound_models import Free
from testing.sound_models import record as model

from lvmctl import Prediction
from lvmctl.sphere import unit

READS = "reads_what_it_declares"
Q_READS = "q_reads_what_it_declares"
ANYWHERE = "serves_any_space"


class Words(Free):
    """Sound: the share of the window's words that a candidate has."""

    def score(self, context, pool):
        rows = [
            [float(len({*text.split()} & {*" ".join(window).split()})) for text in self.all(pool)]
            for window in pool.window.texts()
        ]
        return context.new_tensor(rows)

    def all(self, pool):
        return pool.chunks.texts()


class Edges(Free):
    """Sound: cosines of sentences."""

    def score(self, context, pool):
        ends = pool.window.pieces()[0][:, -1, 1, 0]
        begins = pool.chunks.pieces(2)[0][..., 0, 0, :]
        return ends @ begins.mT if begins.dim() == 2 else (begins @ ends[..., None])[..., 0]


class Newest:
    """q is the last chunk."""

    def forward(self, context):
        return Prediction(q=context[:, -1])


class AnyWords(Newest, Words):
    """Sound in any space."""


class AnyEdges(Newest, Edges):
    """Sound in any space."""


class Places(Edges):
    """The nearer in the store, the better."""

    def score(self, context, pool):
        last = pool.window.rows[:, -1:]
        return super().score(context, pool) - (pool.chunks.rows - last).abs()


class Idle(Free):
    def score(self, context, pool):
        return self(context).q @ pool.vectors.mT


@pytest.mark.parametrize(("target", "reads"), [(Words, "text"), (Edges, "sentence")])
def test_sound_readers_pass_every_check(target, reads):
    outcomes = judged(model(target, reads=(reads,)))
    assert failures(outcomes) == {}
    assert outcomes[READS].status == "pass"


@pytest.mark.parametrize(("target", "reads"), [(AnyWords, "text"), (AnyEdges, "sentence")])
def test_a_reader_may_serve_any_space(target, reads):
    outcome = judged(model(target, reads=(reads,), any_space=True), [ANYWHERE])[ANYWHERE]
    assert (outcome.status, outcome.why) == ("pass", "")


class Ends(Free):
    """Sound: q is near the last sentence of the newest chunk."""

    def forward(self, context, window):
        last = window.pieces()[0][:, -1, 1, 0]
        return Prediction(q=unit(last + 0.1 * super().forward(context).q))


class Absolute(Ends):
    """q depends on where chunks stand."""

    def forward(self, context, window):
        row = window.rows[:, -1:].to(context)
        return Prediction(q=unit(super().forward(context, window).q + row.sin()))


class Blind(Ends):
    def forward(self, context, window):
        return Free.forward(self, context)


def test_a_prediction_may_read():
    outcomes = judged(model(Ends, reads=("sentence",), q_reads=True))
    assert failures(outcomes) == {}
    assert outcomes[Q_READS].status == "pass"
    assert judged(model(Words, reads=("text",)), [Q_READS])[Q_READS].status == "skip"


test_a_model_that_reads_otherwise_than_it_says_fails = fails(
    [
        (model(Absolute, reads=("sentence",), q_reads=True), Q_READS, "q differs"),
        (model(Blind, reads=("sentence",), q_reads=True), Q_READS, "its prediction does not read"),
        (model(Ends, q_reads=True), Q_READS, "names nothing"),
        (model(Places, reads=("sentence",)), READS, "scores differ"),
        (model(Idle, reads=("text",)), READS, "names text, which score does not read"),
        (model(Words, reads=("sentence",)), "score_for_each_candidate", "'text' without declaring"),
    ]
)


def test_a_reader_of_vectors_is_not_asked():
    assert judged(model(Idle), [READS])[READS].status == "skip"

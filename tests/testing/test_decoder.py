"""Each check of decoders fails for a decoder that breaks its rule, and for no sound one."""

from __future__ import annotations

import numpy as np
import pytest
from testing.judged import failures, judged

from lvmctl import DataError, Decoded, DecoderSpec
from lvmctl.testing.checks.encoder import TEXTS


class Sound:
    """Says one text whatever it is asked."""

    def decode(self, vectors):
        return [TEXTS[0]] * len(vectors)


class Stubborn:
    """Says two things whatever it is asked."""

    def decode(self, vectors):
        return ["a", "b"]


class Counting:
    """Says another text each time."""

    def __init__(self):
        self.calls = 0

    def decode(self, vectors):
        self.calls += 1
        return [f"{self.calls}"] * len(vectors)


class Ordinal:
    """Says where a vector stands."""

    def decode(self, vectors):
        return [f"{place}" for place in range(len(vectors))]


class Boasting:
    """Says that its text is all there is."""

    def decode(self, vectors):
        return Decoded([TEXTS[0]] * len(vectors), np.ones(len(vectors)))


class Silent:
    """Says nothing, and that."""

    def decode(self, vectors):
        return Decoded([""] * len(vectors), np.full(len(vectors), np.nan))


class Foreign:
    """Inverts another encoder."""

    def decode(self, vectors):
        return ["a"] * len(vectors)

    def encode(self, texts):
        return np.eye(len(texts), 16, dtype=np.float32) + 1


class Absent:
    """Needs what is not there."""

    def __init__(self):
        raise DataError("there is no folder", where="model")


def record(cls: type, **more) -> DecoderSpec:
    return DecoderSpec(name="x", summary="A decoder.", target=f"{__name__}:{cls.__name__}", **more)


@pytest.mark.parametrize("cls", [Sound, Silent])
def test_a_sound_decoder_passes(cls):
    assert failures(judged(record(cls))) == {}


@pytest.mark.parametrize(
    ("cls", "check", "why"),
    [
        (Stubborn, "a_text_for_each_vector", "a text for each of 1 vectors"),
        (Counting, "same_vector_same_text", "again a vector says"),
        (Ordinal, "same_vector_same_text", "alone a vector says '0', not '1'"),
        (Boasting, "cosines_are_of_the_texts", "not 1.0000"),
    ],
)
def test_a_broken_decoder_is_reported(cls, check, why):
    assert why in failures(judged(record(cls), [check]))[check]


@pytest.mark.parametrize(
    ("decoder", "why"),
    [
        (record(Foreign), "another encoder than the store"),
        (record(Absent), "there is no folder"),
        (record(Sound, needs=("no_such_library",), install="x[y]"), "pip install 'x[y]'"),
    ],
)
def test_one_that_cannot_be_made_here_is_skipped(decoder, why):
    outcomes = judged(decoder)
    assert {outcome.status for outcome in outcomes.values()} == {"skip"}
    assert all(why in outcome.why for outcome in outcomes.values())

"""Each check of decoders fails for a decoder that breaks its rule, and for no sound one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from testing.judged import address, but, fails, judged, passes

from lvmctl import DataError, Decoded, DecoderSpec
from lvmctl.testing.text_store import WORDS


class Counting:
    """Says another text each time."""

    def __init__(self):
        self.calls = 0

    def decode(self, vectors):
        self.calls += 1
        return [f"{self.calls}"] * len(vectors)


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
    return DecoderSpec(name="x", summary="A decoder.", target=address(cls), **more)


def saying(texts) -> DecoderSpec:
    """A decoder that says ``texts(count)`` of so many vectors."""
    return record(but(object, decode=lambda self, vectors: texts(len(vectors))))


WORD = saying(lambda count: [WORDS[0]] * count)
SILENCE = saying(lambda count: Decoded([""] * count, np.full(count, np.nan)))

test_a_sound_decoder_passes = passes([WORD, SILENCE])

test_a_broken_decoder_is_reported = fails(
    [
        (saying(lambda count: ["a", "b"]), "a_text_for_each_vector", "text for each of 1 vectors"),
        (record(Counting), "same_vector_same_text", "again a vector says"),
        (
            saying(lambda count: [f"{place}" for place in range(count)]),
            "same_vector_same_text",
            "alone a vector says '0', not '1'",
        ),
        (
            saying(lambda count: Decoded([WORDS[0]] * count, np.ones(count))),
            "cosines_are_of_the_texts",
            "not 1.0000",
        ),
    ]
)


@pytest.mark.parametrize(
    ("decoder", "why"),
    [
        (record(Foreign), "another encoder than the store"),
        (record(Absent), "there is no folder"),
        (replace(WORD, needs=("no_such_library",), install="x[y]"), "pip install 'x[y]'"),
    ],
)
def test_one_that_cannot_be_made_here_is_skipped(decoder, why):
    outcomes = judged(decoder)
    assert {outcome.status for outcome in outcomes.values()} == {"skip"}
    assert all(why in outcome.why for outcome in outcomes.values())

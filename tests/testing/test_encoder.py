"""Each check of encoders fails for an encoder that breaks its rule, and for no sound one."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import testing.encoders as made
from testing.judged import address, but, fails, judged, passes

from lvmctl.registry.specs import EncoderSpec
from lvmctl.testing.processes import vectors_elsewhere

FORM, NORM, SAME = "one_finite_row_per_text", "unit_norm_or_said", "same_text_same_vector"
ODDITIES, RECIPE = "odd_texts_are_encoded_or_refused", "recipe_says_what_made_it"
LENGTH, STATE = "reads_as_far_as_it_says", "state_comes_back"


def record(encoder, fitted=None):
    """The record of an encoder, which is fitted if it learns."""
    known = vars(made).get(encoder.__name__) is encoder  # another process finds it
    return EncoderSpec(
        name="x",
        summary="An encoder.",
        target=f"{made.__name__}:{encoder.__name__}" if known else address(encoder),
        options=made.Options,
        fitted=issubclass(encoder, made.Fitted) if fitted is None else fitted,
    )


def shape_for(count, rows):
    """Encoders whose rows are changed where there are so many texts."""
    return record(made.giving(lambda given: rows(given) if len(given) == count else given))


def measured(counts):
    """A reader that counts other tokens than it has."""
    return record(but(made.Reading, lengths=counts))


def stateful(**members):
    return record(but(made.Fitted, **members))


SOUND = (made.Hashing, made.Fitted, made.Long, made.Refusing, made.Reading)
test_a_sound_encoder_passes = passes([record(encoder) for encoder in SOUND])

test_a_broken_encoder_is_reported = fails(
    [
        (shape_for(24, np.ndarray.tolist), FORM, "24 texts give list, not (24, D)"),
        (shape_for(24, np.float64), FORM, "24 texts give float64, not float32"),
        (shape_for(2, lambda rows: np.pad(rows, ((0, 0), (0, 1)))), FORM, "1 texts, 7 for 2 texts"),
        (shape_for(0, lambda _: np.ones((1, 6), np.float32)), FORM, "no text gives (1, 6)"),
        (shape_for(24, lambda rows: rows * np.float32(np.inf)), FORM, "that are not finite"),
        (shape_for(1, lambda rows: rows[0]), FORM, "1 texts give (6,), not (1, D)"),
        (record(made.Cutting), ODDITIES, "a long text gives (91, 6), not (2, 6)"),
        (record(made.reading(lambda t: t.split()[0] and t)), ODDITIES, "ends in IndexError"),
        (record(made.Empty), ODDITIES, "an empty text gives a vector that is zero"),
        (record(but(made.Refusing, says="has no word\nand so on")), ODDITIES, "in several lines"),
        (record(made.giving(lambda rows: 1.01 * rows)), NORM, "between 1.0100 and 1.0100, and the"),
        (record(made.Vanishing), NORM, "is a zero vector"),
        (record(made.giving(made.centred)), SAME, "has another vector alone"),
        (record(made.Sorting), SAME, "has another vector"),
        (record(made.Drifting), SAME, "has another vector"),
        (record(made.Initialised), SAME, "by another encoder made the same way"),
        (record(made.Hashed), SAME, "in another process, with another PYTHONHASHSEED"),
        (record(made.HashedFit), SAME, "in another process, with another PYTHONHASHSEED"),
        (record(made.reading(lambda text: "")), "different_texts_differ", "100% of all pairs"),
        (record(but(made.Reading, reads=22)), LENGTH, "more than the 20 tokens of max_length"),
        (record(made.ReadingLittle), LENGTH, "the first word of a long text changes no vector"),
        (record(but(made.Reading, lengths=property())), LENGTH, "max_length, and no lengths()"),
        (
            measured(lambda self, texts: [min(20, 1 + len(text.split())) for text in texts]),
            LENGTH,
            "counts 1, 2, 20 tokens",
        ),
        (record(made.saying(lambda recipe: [recipe])), RECIPE, "gives list, not a dict"),
        (record(made.saying(lambda recipe: {"dim": 6})), RECIPE, "names None, not 'x'"),
        (record(made.saying(lambda recipe: {"name": "x"})), RECIPE, "leaves out dim"),
        (
            record(made.saying(lambda recipe: recipe | {"weights": np.ones(2)})),
            RECIPE,
            "not plain data: Object of type ndarray",
        ),
        (record(made.Counting), RECIPE, "changes after texts were encoded"),
        (stateful(restore=property()), STATE, "it has no restore()"),
        (
            stateful(state=lambda self: {"common": np.array([{"v": 1}], object)}),
            STATE,
            "holds Python objects",
        ),
        (stateful(state=lambda self: {"common": self.common.round(1)}), STATE, "other vectors"),
        (record(made.Hashing, fitted=True), "fit_learns_where_it_says_so", "changes no vector"),
        (
            record(but(made.Fitted, common=np.zeros(6, np.float32)), fitted=False),
            "fit_learns_where_it_says_so",
            "fit() changes the vectors",
        ),
    ]
)


def test_what_was_refused_and_measured_is_noted():
    notes = {name: outcome.why for name, outcome in judged(record(made.Refusing)).items()}
    assert notes[ODDITIES] == "refused: an empty text, white space, digits, signs"
    assert notes[FORM] == "D = 6"
    assert notes["state_comes_back"] == "it learns nothing"


def test_an_encoder_that_cannot_be_made_here_is_skipped():
    outcomes = judged(record(made.Missing))
    assert {outcome.status for outcome in outcomes.values()} == {"skip"}
    assert "library is not installed; pip install it" in outcomes[FORM].why


@pytest.mark.parametrize("seed", ["1", "2"])
def test_the_other_process_hashes_otherwise(monkeypatch, seed):
    program = f"import {made.__name__} as made; print(made.Hashed(made.Options()).encode(['a']))"
    monkeypatch.setenv("PYTHONHASHSEED", seed)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0
    target = record(made.Hashed).target
    there = vectors_elsewhere(target, made.Options(), False, ["a"])
    assert str(there) != done.stdout.strip()


def test_an_encoder_that_cannot_be_made_in_another_process_is_noted(monkeypatch):
    monkeypatch.setenv("ENCODER_HOME", str(os.getpid()))
    outcome = judged(record(made.OnlyHere), [SAME])[SAME]
    assert outcome.status == "pass"
    assert outcome.why.startswith("not tried in another process: ")
    assert "its server knows another process" in outcome.why


def test_nothing_is_downloaded(monkeypatch):
    calls = []
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setattr(made, "download", lambda: calls.append(os.environ.get("HF_HUB_OFFLINE")))
    outcomes = judged(record(made.Remote))
    assert {outcome.status for outcome in outcomes.values()} == {"skip"}
    assert set(calls) == {"1"}


def test_an_encoder_whose_library_is_absent_is_skipped_with_what_installs_it():
    lacking = replace(record(made.Hashing), needs=("no_such_library",), install="x[y]")
    outcomes = judged(lacking)
    assert {outcome.status for outcome in outcomes.values()} == {"skip"}
    assert "needs no_such_library, which is not here; pip install 'x[y]'" in outcomes[FORM].why

"""Each check of encoders fails for an encoder that breaks its rule, and for no sound one."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace

import pytest
import testing.encoders as made
from testing.judged import failures, judged

from lvmctl.registry.specs import EncoderSpec
from lvmctl.testing.processes import vectors_elsewhere

SOUND = {made.Hashing: False, made.Fitted: True, made.Long: False, made.Refusing: False}
SOUND |= {made.Reading: False}
FORM, NORM, SAME = "one_finite_row_per_text", "unit_norm_or_said", "same_text_same_vector"
ODDITIES, RECIPE = "odd_texts_are_encoded_or_refused", "recipe_says_what_made_it"
LENGTH = "reads_as_far_as_it_says"
BROKEN = [
    (made.Lists, FORM, r"24 texts give list, not \(24, D\)"),
    (made.Doubles, FORM, "24 texts give float64, not float32"),
    (made.Growing, FORM, "D changes: 6 for 24 texts, 6 for 1 texts, 7 for 2 texts"),
    (made.Padding, FORM, r"no text gives \(1, 6\)"),
    (made.Overflowing, FORM, "24 texts give numbers that are not finite"),
    (made.Flat, FORM, r"1 texts give \(6,\), not \(1, D\)"),
    (made.Cutting, ODDITIES, r"a long text gives \(91, 6\), not \(2, 6\)"),
    (made.Listing, RECIPE, r"recipe\(\) gives list, not a dict"),
    (made.Unsaid, NORM, "between 1.0100 and 1.0100, and the recipe does not say"),
    (made.Vanishing, NORM, "is a zero vector"),
    (made.Centring, SAME, "has another vector alone"),
    (made.Sorting, SAME, "has another vector"),
    (made.Drifting, SAME, "has another vector"),
    (made.Initialised, SAME, "by another encoder made the same way"),
    (made.Hashed, SAME, "in another process, with another PYTHONHASHSEED"),
    (made.HashedFit, SAME, "in another process, with another PYTHONHASHSEED"),
    (made.Constant, "different_texts_differ", "100% of all pairs"),
    (made.Stumbling, ODDITIES, "an empty text ends in IndexError"),
    (made.Empty, ODDITIES, "an empty text gives a vector that is zero"),
    (made.Wordy, ODDITIES, "an empty text is refused in several lines"),
    (made.ReadingOn, LENGTH, "it reads more than the 20 tokens of max_length"),
    (made.ReadingLittle, LENGTH, "the first word of a long text changes no vector"),
    (made.Uncounted, LENGTH, r"it has max_length, and no lengths\(\)"),
    (
        made.Miscounting,
        LENGTH,
        "counts 1, 2, 20 tokens in no word, one and 20, and max_length is 20",
    ),
    (made.Anonymous, RECIPE, "names None, not 'x'"),
    (made.Forgetful, RECIPE, "leaves out dim"),
    (made.Opaque, RECIPE, "not plain data: Object of type ndarray"),
    (made.Counting, RECIPE, "changes after texts were encoded"),
    (made.Stateless, "state_comes_back", r"it has no restore\(\)"),
    (made.Pickled, "state_comes_back", "holds Python objects"),
    (made.Rounding, "state_comes_back", "gives other vectors"),
]


def record(encoder, fitted=False):
    target = f"{made.__name__}:{encoder.__name__}"
    return EncoderSpec(
        name="x", summary="An encoder.", target=target, options=made.Options, fitted=fitted
    )


@pytest.mark.parametrize("encoder", SOUND)
def test_a_sound_encoder_passes(encoder):
    assert failures(judged(record(encoder, SOUND[encoder]))) == {}


@pytest.mark.parametrize(("encoder", "check", "why"), BROKEN)
def test_a_broken_encoder_is_reported(encoder, check, why):
    outcomes = judged(record(encoder, issubclass(encoder, made.Fitted)), [check])
    assert re.search(why, failures(outcomes)[check])


def test_fitted_is_what_fit_does():
    name = "fit_learns_where_it_says_so"
    learns_nothing = judged(record(made.Hashing, fitted=True), [name])
    assert "another corpus changes no vector" in failures(learns_nothing)[name]
    learns = judged(record(made.Greedy), [name])
    assert "fit() changes the vectors" in failures(learns)[name]


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

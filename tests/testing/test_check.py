"""What a check is made of, and what it is given."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import strategies as st

from lvmctl.registry import Plugin, Registry
from lvmctl.registry.find import Origin
from lvmctl.registry.specs import LossSpec, Shape
from lvmctl.testing.check import (
    Check,
    CheckFailed,
    Skipped,
    Subject,
    check,
    for_all,
    once_per_subject,
)

PLUGIN = Plugin(Origin("mine", "lvmctl-mine", "1.0", "mine.plugin"), "ok", 1)


@dataclass(frozen=True)
class Options:
    power: float = 2.0


def built(options, shape):
    return options, shape


def subject() -> Subject:
    record = LossSpec(name="far", summary="Far.", target=f"{__name__}:built", options=Options)
    plugin = Plugin(PLUGIN.origin, "ok", 1, (record,))
    registry = Registry([plugin], hook=None)
    return Subject(registry, plugin, registry.get("loss", "far"), Options(power=3.0))


def test_a_function_becomes_a_check():
    def is_named(subject):
        """The first paragraph is
        the rule.

        The second is for those who read the code.
        """
        return subject

    made = check(is_named)
    assert made == Check("is_named", "The first paragraph is the rule.", is_named)
    assert made.run("anything") == "anything"


def test_a_subject_is_a_record_or_a_plugin():
    assert subject().name == "loss far"
    assert subject().record.summary == "Far."
    assert Subject(Registry([PLUGIN], hook=None), PLUGIN).name == "plugin mine"


def test_a_subject_builds_its_part_from_its_own_options():
    shape = Shape(3, 2)
    assert subject().build(shape=shape) == (Options(power=3.0), shape)
    with pytest.raises(TypeError):
        subject().build()


# ------------------------------------------------------------------ rules for all examples


def test_a_rule_that_holds_is_tried_on_as_many_examples_as_asked():
    seen = []
    for_all(lambda x: seen.append(x), examples=7, x=st.integers())
    assert len(seen) == 7


def test_the_smallest_example_ends_the_message():
    def rule(x, word):
        if x > 3 and "b" in word:
            raise CheckFailed("it is too large")

    with pytest.raises(CheckFailed) as failure:
        for_all(rule, examples=200, x=st.integers(0, 99), word=st.sampled_from(["a", "ab", "abb"]))
    assert str(failure.value) == "it is too large (smallest example: x = 4, word = ab)"


def test_whatever_else_is_raised_is_named():
    with pytest.raises(CheckFailed, match=r"^ZeroDivisionError: .* \(smallest example: x = 0\)$"):
        for_all(lambda x: 1 / x, x=st.integers(0, 9))


def test_a_skip_passes():
    def rule(x):
        raise Skipped("no such thing")

    with pytest.raises(Skipped, match="no such thing"):
        for_all(rule, x=st.integers())


def test_the_examples_are_the_same_in_every_run():
    seen: list[list[int]] = [[], []]
    for run in seen:
        for_all(lambda x, run=run: run.append(x), x=st.integers())
    assert seen[0] == seen[1]
    assert len(set(seen[0])) > 5


def test_a_failure_that_does_not_come_again_is_reported():
    calls = []

    def rule(x):
        calls.append(x)
        if len(calls) == 3:
            raise CheckFailed("once")

    with pytest.raises(CheckFailed, match=r"^it fails for x = -?\d+, and then does not$"):
        for_all(rule, x=st.integers())


# ------------------------------------------------------------------ what is made once


def test_what_checks_share_is_made_once_for_each_subject():
    made = []

    @once_per_subject
    def trial(subject):
        made.append(subject)
        if len(made) == 1:
            raise ValueError("a failure is not kept")
        return len(made)

    # Equal, and still two subjects.
    first, second = Subject(None, None), Subject(None, None)
    with pytest.raises(ValueError, match="not kept"):
        trial(first)
    assert [trial(first), trial(first), trial(second), trial(second)] == [2, 2, 3, 3]

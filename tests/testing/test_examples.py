"""A rule is tried on many examples, and fails with the smallest one."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st

from lvmctl.testing.check import CheckFailed, Skipped, for_all


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


def test_a_failure_that_does_not_come_again_is_said_to_be_one():
    calls = []

    def rule(x):
        calls.append(x)
        if len(calls) == 3:
            raise CheckFailed("once")

    with pytest.raises(CheckFailed, match=r"^it fails for x = -?\d+, and then does not$"):
        for_all(rule, x=st.integers())

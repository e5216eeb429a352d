"""A subject's trial is made once, and never taken for another's."""

from __future__ import annotations

import pytest

from lvmctl.testing.check import Subject
from lvmctl.testing.inputs.once import once_per_subject


def test_one_subject_after_another():
    made = []

    @once_per_subject
    def trial(subject):
        made.append(subject)
        return len(made)

    # Equal, and still two subjects.
    first, second = Subject(None, None), Subject(None, None)
    assert [trial(first), trial(first), trial(second), trial(second)] == [1, 1, 2, 2]
    assert trial(first) == 3


def test_a_failure_is_not_kept():
    answers = [ValueError("first"), "second"]

    @once_per_subject
    def trial(subject):
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    subject = Subject(None, None)
    with pytest.raises(ValueError, match="first"):
        trial(subject)
    assert trial(subject) == "second"

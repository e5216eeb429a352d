"""Diagnostics asked one after another."""

from __future__ import annotations

import pytest

from lvmctl.cli.diagnose.show import diagnose_all
from lvmctl.core.errors import DataError, UsageError


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ([], 0),
        ([0, 0], 0),
        ([0, 1, 0], 1),
        # A diagnosis that failed outweighs a fault that came before it.
        ([DataError("short"), 1], 1),
        ([2, 1, DataError("short")], 1),
        ([0, UsageError("wrong"), DataError("short")], 2),
        ([DataError("short"), UsageError("wrong"), 0], 3),
        ([0, MemoryError(), RuntimeError("CUDA out of memory"), 2], 6),
    ],
)
def test_every_one_is_asked_and_the_worst_is_the_exit_code(answers, code):
    answered, missed = [], []

    def ask(number: int) -> int:
        answered.append(number)
        if isinstance(answers[number], Exception):
            raise answers[number]
        return answers[number]

    def miss(number: int, error: Exception) -> None:
        missed.append((number, error))

    assert diagnose_all(range(len(answers)), ask, miss) == code
    assert answered == list(range(len(answers)))
    wrong = [(n, each) for n, each in enumerate(answers) if isinstance(each, Exception)]
    assert [number for number, _ in missed] == [number for number, _ in wrong]
    for (_, reported), (_, error) in zip(missed, wrong):
        assert reported is error or str(reported).startswith("not enough memory; use less data")


def test_a_fault_of_lvmctl_itself_is_not_hidden():
    def ask(number: int) -> int:
        raise KeyError(number)

    with pytest.raises(KeyError):
        diagnose_all([1], ask, lambda number, error: None)

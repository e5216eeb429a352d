"""What errors say in one line."""

from __future__ import annotations

import pytest

from lvmctl.core import errors
from lvmctl.core.errors import first_line, memory_error


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ValueError("wrong"), "wrong"),
        (ValueError("\nwrong\nin many ways"), "wrong"),
        (AttributeError(), "AttributeError"),
    ],
)
def test_an_error_is_reported_in_one_line_even_without_a_message(error, line):
    assert first_line(error) == line


@pytest.mark.parametrize("limited", [True, False])
def test_a_library_that_says_nothing_found_no_memory_where_that_is_limited(monkeypatch, limited):
    monkeypatch.setattr(errors, "is_limited", lambda: limited)
    speechless = SystemError("error return without exception set")
    assert memory_error(speechless) is (speechless if limited else None)
    assert memory_error(SystemError("unknown opcode")) is None

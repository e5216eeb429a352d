"""What errors say in one line."""

from __future__ import annotations

import pytest

from lvmctl.core.errors import first_line


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

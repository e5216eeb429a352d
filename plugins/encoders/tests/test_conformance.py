"""What every encoder must keep; one whose library is absent is skipped with the line to install."""

from __future__ import annotations

from lvmctl.testing import parametrize_with_checks


@parametrize_with_checks("encoders")
def test_conformance(check):
    check()

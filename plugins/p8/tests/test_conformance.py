"""What every plugin must keep."""

from __future__ import annotations

from lvmctl.testing import parametrize_with_checks


@parametrize_with_checks("p8")
def test_conformance(check):
    check()

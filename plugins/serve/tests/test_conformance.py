"""What every plugin must keep."""

from __future__ import annotations

from lvmctl.testing import parametrize_with_checks


@parametrize_with_checks("serve")
def test_conformance(check):
    check()

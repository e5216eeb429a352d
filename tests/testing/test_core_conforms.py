"""Core's own parts keep what is asked of every plugin."""

from __future__ import annotations

from lvmctl.testing import parametrize_with_checks


@parametrize_with_checks("core")
def test_conformance(check):
    check()

"""The decoders keep what is asked of every plugin, where their models are at hand."""

from __future__ import annotations

from lvmctl.testing import parametrize_with_checks


@parametrize_with_checks("decoders")
def test_conformance(check):
    check()

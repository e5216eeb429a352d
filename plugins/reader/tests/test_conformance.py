"""The checks that every plugin keeps."""

from __future__ import annotations

from lvmctl.testing import parametrize_with_checks


@parametrize_with_checks("reader")
def test_conformance(check):
    check()

"""Checks of losss."""

from __future__ import annotations

from lvmctl.testing.check import Check

CHECKS: tuple[Check, ...] = ()

"""Checks of models."""

from __future__ import annotations

from lvmctl.testing.check import Check

CHECKS: tuple[Check, ...] = ()

"""How the conformance kit judges a part that a test defines itself."""

from __future__ import annotations

from collections.abc import Collection

from lvmctl.registry import Plugin, Registry
from lvmctl.registry.find import Found
from lvmctl.registry.specs import Record
from lvmctl.testing.check import Check
from lvmctl.testing.conformance import Outcome, cases

MINE = Found("mine", "lvmctl-mine", "1.0", "mine.plugin")


def judged(record: Record, checks: Collection[Check]) -> dict[str, Outcome]:
    """How each of ``checks`` ends for a record whose plugin is installed, by name."""
    registry = Registry([Plugin(MINE, "ok", 1, (record,))], hook=None)
    found = cases(f"mine/{record.name}", registry=registry)
    return {case.check.name: case.outcome() for case in found if case.check in checks}


def failures(outcomes: dict[str, Outcome]) -> dict[str, str]:
    """Why checks failed, by name."""
    return {name: outcome.why for name, outcome in outcomes.items() if outcome.status == "fail"}

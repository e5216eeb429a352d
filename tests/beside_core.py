"""How the conformance kit judges parts that a test defines itself, beside those of core."""

from __future__ import annotations

from collections.abc import Collection

from judged import MINE

from lvmctl.registry import Plugin, Registry, load_registry
from lvmctl.registry.specs import Record
from lvmctl.testing.check import Check
from lvmctl.testing.conformance import Outcome, cases


def judged_beside_core(
    record: Record, checks: Collection[Check], *others: Record
) -> dict[str, Outcome]:
    """How each of ``checks`` ends for a record, by name; ``others`` are of the same plugin."""
    installed = load_registry()
    core = [plugin for plugin in installed.plugins if plugin.name == "core"]
    registry = Registry([*core, Plugin(MINE, "ok", 1, (record, *others))], installed.hook)
    found = cases(f"mine/{record.name}", registry=registry)
    return {case.check.name: case.outcome() for case in found if case.check in checks}

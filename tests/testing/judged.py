"""How the conformance kit judges a part that a test defines itself."""

from __future__ import annotations

from collections.abc import Iterable

from lvmctl.registry import Plugin, Registry, load_registry
from lvmctl.registry.find import Origin
from lvmctl.registry.record import Record
from lvmctl.testing.checks import record as record_checks
from lvmctl.testing.conformance import Outcome, cases, checks

MINE = Origin("mine", "lvmctl-mine", "1.0", "mine.plugin")


def judged(
    record: Record, names: Iterable[str] = (), *others: Record, core: bool = False
) -> dict[str, Outcome]:
    """How the checks of a record's kind end, by name.

    Args:
        names: the checks that are run; those of its kind alone where there are none.
        others: further records of the same plugin.
        core: whether core is installed beside the plugin.
    """
    installed = load_registry()
    plugins = [plugin for plugin in installed.plugins if core and plugin.name == "core"]
    registry = Registry([*plugins, Plugin(MINE, "ok", 1, (record, *others))], installed.hook)
    common = {check.name for check in record_checks.CHECKS}
    names = set(names) or {check.name for check in checks(record.kind)} - common
    chosen = cases(f"mine/{record.name}", registry=registry, kind=record.kind)
    due = [case for case in chosen if case.subject.entry and case.check.name in names]
    return {case.check.name: case.outcome() for case in due}


def failures(outcomes: dict[str, Outcome]) -> dict[str, str]:
    """Why checks failed, by name."""
    return {name: outcome.why for name, outcome in outcomes.items() if outcome.status == "fail"}


def assert_fails(record: Record, expected: dict[str, str], *others: Record, **more: bool) -> None:
    """Fail unless the checks of ``expected`` fail, and say what it says."""
    why = failures(judged(record, expected, *others, **more))
    assert {name: text for name, text in expected.items() if text not in why.get(name, "")} == {}, (
        why
    )

"""How the conformance kit judges a part that a test defines itself, and tests from tables of such
parts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any

import pytest

from lvmctl.registry import Plugin, Registry, load_registry
from lvmctl.registry.find import Origin
from lvmctl.registry.record import Record
from lvmctl.testing.checks import record as record_checks
from lvmctl.testing.conformance import Outcome, cases, checks

MINE = Origin("mine", "lvmctl-mine", "1.0", "mine.plugin")
MADE = SimpleNamespace()
"""What :func:`address` gave an address."""


def address(part: Any) -> str:
    """A target that means ``part``, a class or a function that may have no name."""
    name = f"part_{len(vars(MADE))}"
    setattr(MADE, name, part)
    return f"{__name__}:MADE.{name}"


def but(base: type, **members: Any) -> type:
    """``base`` with other members."""
    return type(base.__name__, (base,), members)


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


def passes(records: Iterable[Record], *others: Record, core: bool = False) -> Callable[..., None]:
    """A test for each of these records: no check of its kind fails."""

    @pytest.mark.parametrize("record", records)
    def test(record: Record) -> None:
        assert failures(judged(record, (), *others, core=core)) == {}

    return test


def fails(
    rows: Iterable[tuple[Record, str | tuple[str, ...], str]],
    *others: Record,
    core: bool = False,
    alone: bool = False,
) -> Callable[..., None]:
    """A test for each row: the record fails the checks that are named, and each says what is named.

    Args:
        alone: no other check of its kind fails.
    """

    @pytest.mark.parametrize(("record", "names", "says"), rows)
    def test(record: Record, names: str | tuple[str, ...], says: str) -> None:
        due = {names} if isinstance(names, str) else {*names}
        why = failures(judged(record, () if alone else due, *others, core=core))
        assert why.keys() == due
        assert [text for text in why.values() if says not in text] == []

    return test

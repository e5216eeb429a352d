"""Every hook has its page, which lists the fields of its record and the checks it must pass."""

from __future__ import annotations

import dataclasses
import inspect
import re
from typing import Any

import pytest
from docs.pages import PLUGINS, bare, cells, read, section, table, tables

from lvmctl.config import option
from lvmctl.core.diagnosis import Diagnosis
from lvmctl.registry import hookspecs
from lvmctl.registry import specs as spec
from lvmctl.registry.declare import HOOKS, KINDS, RECORDS
from lvmctl.registry.record import Buildable
from lvmctl.testing import conformance
from lvmctl.testing.check import Check
from lvmctl.testing.checks import record as record_checks

PAGE = {hook: PLUGINS / f"{hook.removeprefix('lvmctl_')}.md" for hook in RECORDS}
LIFECYCLE = [hook for hook in HOOKS if hook not in RECORDS]
COMMON = [field.name for field in dataclasses.fields(Buildable)]


def fields(cls: type, *left_out: str) -> list[list[str]]:
    """Name and default of the fields of a dataclass, as a table has them."""
    return [
        [f"`{field.name}`", default(field)]
        for field in dataclasses.fields(cls)
        if field.name not in left_out
    ]


def default(field: dataclasses.Field) -> str:
    """The default of a field, as it is written in a table."""
    if field.default_factory is not dataclasses.MISSING:
        return f"`{field.default_factory()!r}`"
    if field.default is dataclasses.MISSING:
        return "required"
    if isinstance(field.default, type):
        return f"`{field.default.__name__}`"
    return f"`{field.default!r}`".replace("'", '"')


def first_two(rows: list[list[str]]) -> list[list[str]]:
    return [row[:2] for row in rows]


def listed(checks: tuple[Check, ...]) -> str:
    """A table of checks."""
    rules = [f"| `{check.name}` | {check.rule.replace('``', '`')} |\n" for check in checks]
    return "".join(["| check | rule |\n|---|---|\n", *rules])


def all_are_told(page, heading: str, checks: tuple[Check, ...]) -> None:
    text, wanted = section(page, heading), listed(checks)
    rows = [cells(row) for row in wanted.splitlines() if not row.startswith("|-")]
    assert tables(text) == [rows], f"{page} should have below {heading!r}:\n{wanted}"


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_is_documented(hook):
    page = PAGE.get(hook, PLUGINS / "lifecycle.md")
    signature = ", ".join(inspect.signature(getattr(hookspecs, hook)).parameters)
    below_title = read(page).partition("\n## ")[0]
    assert f"`{hook}({signature})`" in [row[0] for row in table(below_title, "hook")]


def test_no_page_has_a_hook_that_is_not():
    for page in PLUGINS.glob("*.md"):
        named = set(re.findall(r"`(lvmctl_\w+)\(", read(page)))
        assert named <= set(HOOKS), page


def test_every_argument_of_the_lifecycle_is_documented():
    taken = {
        name for h in LIFECYCLE for name in inspect.signature(getattr(hookspecs, h)).parameters
    }
    rows = table(read(PLUGINS / "lifecycle.md"), "argument")
    assert {bare(row[0]) for row in rows} == taken


def test_what_every_record_has():
    rows = table(section(PLUGINS / "README.md", "## A plugin"), "field")
    assert first_two(rows) == fields(Buildable)


@pytest.mark.parametrize("hook", RECORDS)
def test_every_field_of_a_record_is_documented(hook):
    """But for those that every record has; the target is each kind's own."""
    left_out = [name for name in COMMON if name != "target"]
    documented = [rows[1:] for rows in tables(section(PAGE[hook], "## The record"))]
    for record, rows in zip(RECORDS[hook], documented):
        assert first_two(rows) == fields(record, *left_out)
        assert f"`{record.__name__}`" in read(PAGE[hook])
        assert all(row[-1] for row in rows)


@pytest.mark.parametrize(
    ("page", "heading", "cls", "number"),
    [
        ("recipes.md", "## The record", spec.Composition, 1),
        ("recipes.md", "## The record", spec.Part, 2),
        ("diagnostics.md", "## The target", Diagnosis, 0),
    ],
)
def test_what_a_target_gives(page, heading, cls, number):
    rows = tables(section(PLUGINS / page, heading))[number][1:]
    assert first_two(rows) == fields(cls)


@pytest.mark.parametrize("kind", KINDS)
def test_every_check_of_a_kind_is_documented(kind):
    of_records = {check.name for check in record_checks.CHECKS}
    checks_of_kind = tuple(c for c in conformance.checks(kind) if c.name not in of_records)
    (hook,) = [hook for hook, records in RECORDS.items() if records[0].kind == kind]
    all_are_told(PAGE[hook], "## Checks", checks_of_kind)


def test_every_check_of_plugins_and_records_is_documented():
    page = PLUGINS / "checks.md"
    all_are_told(page, "## Every plugin", conformance.checks("plugin"))
    all_are_told(page, "## Every record", record_checks.CHECKS)


def test_every_argument_of_an_option_is_documented():
    rows = table(read(PLUGINS / "options.md"), "argument")
    arguments: dict[str, Any] = {}
    for names, value, _ in rows:
        arguments |= dict.fromkeys(re.findall(r"`(\w+)`", names), value)
    taken = inspect.signature(option).parameters.values()
    assert arguments == {
        p.name: "required" if p.default is p.empty else f"`{p.default!r}`" for p in taken
    }

"""``lvmctl plugins describe``: what a part takes, needs and comes from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from operator import attrgetter
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import click

from lvmctl.cli.complete import records
from lvmctl.cli.output import emit, json_option
from lvmctl.cli.plugins.list import kind_option
from lvmctl.config import OptionInfo, describe, matches
from lvmctl.core.formatting import paragraph, table
from lvmctl.plan import Plan, PlannedPart, make_plan
from lvmctl.registry import load_registry
from lvmctl.registry.from_file import is_address
from lvmctl.registry.record import Buildable, Record
from lvmctl.registry.specs import RecipeSpec

if TYPE_CHECKING:
    from lvmctl.registry import Entry, Registry

WIDTH = 80


@click.command("describe")
@click.argument("name", shell_complete=records())
@kind_option
@json_option
def describe_(name: str, kind: str | None, as_json: bool) -> None:
    """Describe a recipe, model, loss, … or a plugin: options, needs and origin."""
    registry = load_registry()
    kinds = {entry.kind: None for entry in registry.entries(kind) if entry.means(name)}
    if kind and is_address(name):
        kinds[kind] = None
    described = [_facts(registry, registry.get(each, name)) for each in kinds]
    if not described:
        described = [_plugin_facts(registry, name, kind)]
    emit(
        {"described": described},
        "plugins.describe",
        as_json,
        lambda: "\n\n".join(map(_describe_text, described)),
    )


def _facts(registry: Registry, entry: Entry) -> dict[str, Any]:
    record = entry.record
    facts: dict[str, Any] = {
        "name": registry.address(entry),
        "kind": entry.kind,
        "summary": record.summary,
        "plugin": str(entry.plugin.origin),
    }
    if role := getattr(record, "role", None):
        facts["role"] = role
    shown = {field.name for field in fields(Record)} | {"options"}
    facts |= {f.name: getattr(record, f.name) for f in fields(record) if f.name not in shown}
    if isinstance(record, RecipeSpec):
        plan = make_plan(registry, facts["name"])
        facts["parts"] = [_part(part, plan) for part in plan.parts]
    if isinstance(record, Buildable):
        known = describe(record.options)
        facts["options"] = [_option(info, known) for info in known]
    return facts


def _part(part: PlannedPart, plan: Plan) -> dict[str, Any]:
    known = describe(type(plan.options))
    groups = {group for info in known for group in info.groups}
    matching = [g for g in groups if type(attrgetter(g)(plan.options)) is type(part.options)]
    return {
        "name": part.entry.qualified,
        "kind": getattr(part.entry.record, "role", part.entry.kind),
        "weight": str(part.weight) if part.entry.kind == "loss" else None,
        "summary": part.entry.record.summary,
        "group": matching[0] if len(matching) == 1 else None,
        "options": [info.path for info in describe(part.entry.record.options)],
    }


def _option(info: OptionInfo, known: list[OptionInfo]) -> dict[str, Any]:
    """An option by the shortest name that means it, its path, and what it takes."""
    return {
        "name": info.short if matches(known, info.short) == [info] else info.path,
        "path": info.path,
        "about": info.about,
        "type": str(info.type),
        "default": info.default,
        "allowed": info.bounds,
        "help": info.help,
    }


def _plugin_facts(registry: Registry, name: str, kind: str | None) -> dict[str, Any]:
    """The plugin called ``name``, for want of a record of that name."""
    matches = [plugin for plugin in registry.plugins if plugin.origin.known_as(name)]
    if kind or not matches:
        raise registry.unknown(name, kind)
    plugin = matches[0]
    return {
        "name": plugin.name,
        "kind": "plugin",
        "summary": plugin.error or f"{len(plugin.records)} records",
        "plugin": str(plugin.origin),
        "target": plugin.origin.module,
        "status": plugin.status,
        "records": [f"{record.name} ({record.kind})" for record in plugin.records],
    }


def _describe_text(facts: dict[str, Any]) -> str:
    lines = [paragraph(f"{facts['name']} ({facts['kind']}): {facts['summary']}", "  ")]
    for key, value in facts.items():
        if key in ("name", "kind", "summary", "parts", "options") or value in ((), [], None, ""):
            continue
        shown = ", ".join(value) if isinstance(value, list | tuple) else value
        lines.append(paragraph(f"  {key.replace('_', ' ')}: {shown}", "    "))
    if parts := facts.get("parts"):
        rows = [(part["kind"], part["name"], part["weight"], _owner(part)) for part in parts]
        lines += ["", table(("PART", "NAME", "WEIGHT", "OPTIONS"), rows)]
    if options := facts.get("options"):
        lines += ["", *_option_lines(options)]
    return "\n".join(lines)


def _owner(part: dict[str, Any]) -> str:
    """Where the options of a part are: in a group of the recipe, or under the part's name."""
    if part["group"]:
        return f"group {part['group']}"
    return ", ".join(f"{part['name']}.{option}" for option in part["options"])


def _option_lines(options: list[dict[str, Any]]) -> Iterator[str]:
    """Options with their defaults and what they are, within 80 columns; those of groups follow,
    each group under what its paths begin with."""
    options = sorted(options, key=lambda option: "." in option["path"])
    header = ("OPTION", "DEFAULT", "WHAT")
    cells = [(option["name"], as_typed(option["default"])) for option in options]
    names, defaults = (max(map(len, column)) for column in zip(header[:2], *cells))
    group = ""
    if path := next((option["path"] for option in options if "." in option["path"]), None):
        yield from (f"--set OPTION=VALUE, or by its path: --set {path}=VALUE", "")
    yield f"{header[0]:{names}}  {header[1]:{defaults}}  {header[2]}"
    for (name, default), option in zip(cells, options):
        inside, _, field = option["path"].rpartition(".")
        if inside != group:
            group = inside
            yield from ("", *wrap(f"{inside}.*: {option['about']}".removesuffix(": "), WIDTH))
        path = "" if name in (field, option["path"]) else option["path"]
        facts = ", ".join(filter(None, (path, option["type"], option["allowed"])))
        text = f"{name:{names}}  {default:{defaults}}  {option['help']} ({facts})"
        yield from wrap(text, WIDTH, subsequent_indent=" " * (names + defaults + 4))


def as_typed(value: Any) -> str:
    """A value as it is typed after ``--set``."""
    if value is None or isinstance(value, bool):
        return str(value).lower()
    return ",".join(map(as_typed, value)) if isinstance(value, tuple) else str(value)

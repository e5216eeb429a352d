"""``lvmctl plugins describe``: what a part takes, needs and comes from."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

import click

from lvmctl.cli.output import emit, json_option
from lvmctl.cli.plugins.list import kind_option
from lvmctl.config import OptionInfo, describe
from lvmctl.core.formatting import table
from lvmctl.plan import PlannedPart, make_plan
from lvmctl.registry import load_registry
from lvmctl.registry.from_file import is_address
from lvmctl.registry.specs import Buildable, RecipeSpec, Record

if TYPE_CHECKING:
    from lvmctl.registry import Entry, Registry


@click.command("describe")
@click.argument("name")
@kind_option
@json_option
def describe_(name: str, kind: str | None, as_json: bool) -> None:
    """Describe a recipe, model, loss, … or a plugin: options, needs and origin."""
    registry = load_registry()
    kinds = {entry.kind: None for entry in registry.entries(kind) if entry.means(name)}
    if kind and is_address(name):
        kinds[kind] = None
    described = [_facts(registry, registry.get(one, name)) for one in kinds]
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
        "plugin": str(entry.plugin.found),
    }
    if role := getattr(record, "role", None):
        facts["role"] = role
    shown = {field.name for field in fields(Record)} | {"options"}
    facts |= {f.name: getattr(record, f.name) for f in fields(record) if f.name not in shown}
    if isinstance(record, RecipeSpec):
        plan = make_plan(registry, facts["name"])
        facts["parts"] = [_part(part) for part in plan.parts]
    if isinstance(record, Buildable):
        facts["options"] = [_option(info) for info in describe(record.options)]
    return facts


def _part(part: PlannedPart) -> dict[str, Any]:
    return {
        "name": part.entry.qualified,
        "kind": getattr(part.entry.record, "role", part.entry.kind),
        "weight": part.weight if part.entry.kind == "loss" else None,
        "summary": part.entry.record.summary,
        "options": [info.name for info in describe(part.entry.record.options)],
    }


def _option(info: OptionInfo) -> dict[str, Any]:
    return {
        "name": info.name,
        "type": str(info.type),
        "default": info.default,
        "allowed": info.bounds,
        "help": info.help,
    }


def _plugin_facts(registry: Registry, name: str, kind: str | None) -> dict[str, Any]:
    """The plugin called ``name``, for want of a record of that name."""
    matches = [plugin for plugin in registry.plugins if plugin.found.known_as(name)]
    if kind or not matches:
        raise registry.unknown(name, kind)
    plugin = matches[0]
    return {
        "name": plugin.name,
        "kind": "plugin",
        "summary": plugin.error or f"{len(plugin.records)} records",
        "plugin": str(plugin.found),
        "target": plugin.found.module,
        "status": plugin.status,
        "records": [f"{record.name} ({record.kind})" for record in plugin.records],
    }


def _describe_text(facts: dict[str, Any]) -> str:
    lines = [f"{facts['name']} ({facts['kind']}): {facts['summary']}"]
    for key, value in facts.items():
        if key in ("name", "kind", "summary", "parts", "options") or value in ((), [], None, ""):
            continue
        shown = ", ".join(value) if isinstance(value, list | tuple) else value
        lines.append(f"  {key.replace('_', ' ')}: {shown}")
    if parts := facts.get("parts"):
        rows = [(p["kind"], p["name"], p["weight"], ", ".join(p["options"])) for p in parts]
        lines += ["", table(("PART", "NAME", "WEIGHT", "OPTIONS (--set NAME.OPTION=…)"), rows)]
    if options := facts.get("options"):
        rows = [tuple(str(value) for value in option.values()) for option in options]
        lines += ["", table(("OPTION", "TYPE", "DEFAULT", "ALLOWED", "WHAT"), rows)]
    return "\n".join(lines)

"""``lvmctl plugins list``: what is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from lvmctl.cli.complete import plugin_names
from lvmctl.cli.output import emit, json_option
from lvmctl.core.formatting import MISSING, table
from lvmctl.registry import load_registry
from lvmctl.registry.declare import KINDS

if TYPE_CHECKING:
    from lvmctl.registry import Entry, Plugin, Registry

STATES = ("ok", "contested", "broken", "disabled")

kind_option = click.option("--kind", type=click.Choice(KINDS), help="Only this kind.")


@click.command("list")
@kind_option
@click.option(
    "--provider",
    metavar="NAME",
    shell_complete=plugin_names,
    help="Only this plugin or distribution.",
)
@click.option("--status", type=click.Choice(STATES), help="Only what is in this state.")
@click.option("-v", "--verbose", is_flag=True, help="Show the traceback of broken plugins.")
@json_option
def list_(
    kind: str | None, provider: str | None, status: str | None, verbose: bool, as_json: bool
) -> None:
    """List every recipe, model, loss, … and the plugin it comes from.

    A name that several plugins declare is shown as it must be written. Broken and disabled plugins
    are listed last, with the reason.

    \b
    lvmctl plugins list --kind loss
    lvmctl plugins list --provider lvmctl-p7 --json
    lvmctl plugins list --status broken -v
    """
    registry = load_registry()
    plugins = [p for p in registry.plugins if provider is None or p.origin.known_as(provider)]
    if not plugins:
        raise registry.unknown(provider)
    rows = [_row(registry, entry) for entry in registry.entries(kind) if entry.plugin in plugins]
    records = [row for row in rows if status in (None, row["status"])]
    states = [_state(plugin, verbose) for plugin in plugins if status in (None, plugin.status)]
    emit(
        {"records": records, "plugins": states},
        "plugins.list",
        as_json,
        lambda: _list_text(records, states),
    )


def _row(registry: Registry, entry: Entry) -> dict[str, Any]:
    return {
        "name": registry.address(entry),
        "kind": entry.kind,
        "summary": entry.record.summary,
        "provider": entry.plugin.distribution,
        "version": entry.plugin.version,
        "api": entry.plugin.api,
        "status": "contested" if registry.contested(entry) else "ok",
    }


def _state(plugin: Plugin, verbose: bool) -> dict[str, Any]:
    state = {
        "name": plugin.name,
        "distribution": plugin.distribution,
        "version": plugin.version,
        "api": plugin.api,
        "status": plugin.status,
        "error": plugin.error,
        "records": len(plugin.records),
    }
    return state | ({"traceback": plugin.traceback} if verbose else {})


def _list_text(records: list[dict[str, Any]], states: list[dict[str, Any]]) -> str:
    """A table for each provider; what is not ok says so before its summary."""
    out_of_order = [state for state in states if state["status"] != "ok"]
    broken = [
        state | {"kind": "plugin", "summary": state["error"], "provider": state["distribution"]}
        for state in out_of_order
    ]
    tables: dict[str, list[tuple[str, ...]]] = {}
    for entry in (*records, *broken):
        status = "" if entry["status"] == "ok" else f"{entry['status']}: "
        row = entry["name"], entry["kind"], f"{status}{entry['summary']}"
        provider = f"{entry['provider']} {entry['version']}, API {entry['api'] or MISSING}"
        tables.setdefault(provider, []).append(row)
    shown = [
        f"{provider}\n{table(('NAME', 'KIND', 'SUMMARY'), rows)}"
        for provider, rows in tables.items()
    ]
    shown += [
        f"{state['name']} ({state['distribution']}):\n{state['traceback'].rstrip()}"
        for state in out_of_order
        if state.get("traceback")
    ]
    return "\n\n".join(shown)

"""A plan read back from the ``config.json`` of a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lvmctl.config import bind, describe, matches
from lvmctl.core.errors import PluginError, UsageError
from lvmctl.core.schedule import Schedule
from lvmctl.core.trust import refuse_untrusted
from lvmctl.plan.plan import ROLES, Plan, PlannedPart, package
from lvmctl.registry import Entry, Registry
from lvmctl.registry.find import UNPACKAGED


def from_record(registry: Registry, record: Mapping[str, Any]) -> Plan:
    """The plan a run was made with, from its ``config.json``.

    Options by short names, as runs had them before they were nested, are read too.

    Raises:
        PluginError: a plugin it needs is not there, broken or contested.
        UsageError: an installed plugin no longer takes the saved options.
    """

    def part(kind: str, saved: Mapping[str, Any]) -> PlannedPart:
        entry = known(registry, kind, saved["name"], saved)
        options = bind(entry.record.options, [("config.json", saved["options"])]).options
        return PlannedPart(
            entry, options, Schedule.parse(saved["weight"]), saved.get("added", False)
        )

    recipe = known(registry, "recipe", record["recipe"], record)
    options = bind(recipe.record.options, [("config.json", record["options"])]).options
    described = describe(recipe.record.options)
    paths = {key: [info.path for info in matches(described, key)] for key in record["origins"]}
    return Plan(
        recipe=record["recipe"],
        **package(recipe),
        options=options,
        origins={(paths[key] or [key])[0]: origin for key, origin in record["origins"].items()},
        model=part("model", record["model"]),
        losses=tuple(part("loss", saved) for saved in record["losses"]),
        gates=tuple(part("gate", saved) for role in ROLES for saved in record[role]),
        key_options=dict(record["key_options"]),
    )


def known(registry: Registry, kind: str, name: str, saved: Mapping[str, Any]) -> Entry:
    """The entry a run was made with."""
    refuse_untrusted(name, "config.json")
    try:
        return registry.get(kind, name)
    except UsageError as error:
        distribution, _, version = saved.get("package", "").partition(" ")
        there = any(plugin.distribution == distribution for plugin in registry.plugins)
        if there or not version or version == UNPACKAGED:
            raise
        raise PluginError(
            f"the run needs {kind} {name} of {distribution}, which is not installed",
            hint=f"pip install {distribution} (it was made with {version})",
        ) from error

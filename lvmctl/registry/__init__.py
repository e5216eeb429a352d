"""Plugins in three tiers: find (metadata), declare (records), resolve (the thing itself).

Importing this package imports none of the tiers; ``load_registry()`` runs the first two once per
process.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lvmctl.registry.declare import Plugin
    from lvmctl.registry.registry import Entry, Registry

__all__ = ["Entry", "Plugin", "Registry", "configure", "load_registry", "settings"]

DISABLE_VARIABLE = "LVMCTL_DISABLE_PLUGINS"

_settings: dict = {"enabled": True, "strict": False, "disable": ()}
_loaded: list[Registry] = []


def configure(*, enabled: bool = True, strict: bool = False, disable: Collection[str] = ()) -> None:
    """Say how this process loads plugins; forgets a registry that was loaded before.

    Args:
        enabled: False loads core alone (``--no-plugins``).
        strict: a broken plugin stops everything (``--strict-plugins``).
        disable: plugins never to import (``[plugins] disable`` of experiments.toml), by entry-point
            or distribution name; those of ``LVMCTL_DISABLE_PLUGINS=a,b`` come on top.
    """
    _settings.update(enabled=enabled, strict=strict, disable=tuple(disable))
    _loaded.clear()


def settings() -> dict[str, Any]:
    """The arguments of :func:`configure` that this process loads plugins by, as plain data."""
    return {**_settings, "disable": list(_settings["disable"])}


def load_registry() -> Registry:
    """Everything installed and not disabled, found and declared once per process.

    Raises:
        PluginError: a plugin is broken, and ``--strict-plugins`` asks to stop.
    """
    if not _loaded:
        from lvmctl.registry.find import find
        from lvmctl.registry.registry import build

        points = find() if _settings["enabled"] else []
        _loaded.append(build(points, disabled(), _settings["strict"]))
    return _loaded[0]


def disabled() -> dict[str, str]:
    """What disables a plugin, by the name it is disabled under."""
    by_file = dict.fromkeys(_settings["disable"], "[plugins] disable in experiments.toml")
    names = (name.strip() for name in os.environ.get(DISABLE_VARIABLE, "").split(","))
    return by_file | {name: DISABLE_VARIABLE for name in names if name}


def __getattr__(name: str):
    if name in ("Entry", "Registry"):
        from lvmctl.registry import registry

        return getattr(registry, name)
    if name == "Plugin":
        from lvmctl.registry.declare import Plugin

        return Plugin
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

"""Everything declared, by kind and name, and who declared it. Nothing is renamed or shadowed."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import pluggy

from lvmctl.core.errors import PluginError, nearest, out_of_memory
from lvmctl.registry import hookspecs
from lvmctl.registry.attribution import describe_error
from lvmctl.registry.declare import Plugin, declare
from lvmctl.registry.find import CORE, UNPACKAGED, Origin
from lvmctl.registry.from_file import declare_file, is_address
from lvmctl.registry.record import Record, load

OF_PLUGINS = ("recipe", "profile", "encoder", "decoder")
"""Kinds that a user looks for by the name of what was published; core has one of each."""

MAX_LISTED = 20
"""Names that an error lists; of more it lists the nearest."""


@dataclass(frozen=True)
class Entry:
    """A record and the plugin that declares it."""

    record: Record
    plugin: Plugin

    @property
    def name(self) -> str:
        return self.record.name

    @property
    def kind(self) -> str:
        return self.record.kind

    @property
    def qualified(self) -> str:
        """``plugin/record``: means this record also when the bare name is contested."""
        return f"{self.plugin.name}/{self.record.name}"

    @property
    def saved(self) -> str:
        """The name that finds this record again from another directory."""
        if self.plugin.version == UNPACKAGED:
            return f"{self.plugin.distribution}:{self.record.name}"
        return self.qualified

    def means(self, name: str) -> bool:
        """Whether a bare name, ``plugin/record`` or ``distribution/record`` names this entry."""
        owner, _, bare = name.rpartition("/")
        return bare == self.record.name and (not owner or self.plugin.origin.known_as(owner))


class Registry:
    """All records of core and of the plugins.

    Args:
        plugins: the declared plugins, core first.
        hook: caller of the lifecycle hooks: ``registry.hook.lvmctl_before_run(run=run)``.
    """

    def __init__(self, plugins: Collection[Plugin], hook: Any) -> None:
        self.plugins = tuple(plugins)
        self.hook = hook
        self._entries = [Entry(record, plugin) for plugin in plugins for record in plugin.records]

    def entries(self, kind: str | None = None) -> list[Entry]:
        """Entries of one kind (:data:`lvmctl.registry.declare.KINDS`) or of all, core's first."""
        return [entry for entry in self._entries if kind in (None, entry.kind)]

    def names(self, kind: str | None = None) -> list[str]:
        """Bare names of one kind or of all, each once."""
        return list(dict.fromkeys(entry.name for entry in self.entries(kind)))

    def get(self, kind: str, name: str, within: Plugin | None = None) -> Entry:
        """The entry of ``kind`` that ``name`` means.

        Args:
            name: bare (``infonce``), qualified (``p7/infonce``; the distribution's name serves as
                well, should two plugins share one), or a class of a file (``my_loss.py:MyLoss``).
            within: the plugin the name was written in; its own records win over others', so that
                another plugin cannot break its parts by taking their names.

        Raises:
            PluginError: unknown (the nearest name is suggested), contested (every owner is named),
                or declared by nobody because the plugin is broken or disabled (with the reason).
            UsageError: ``file.py:Class`` names no file or class.
        """
        if is_address(name):
            return Entry(*declare_file(kind, name))
        matches = [entry for entry in self.entries(kind) if entry.means(name)]
        inside = [entry for entry in matches if within and entry.plugin.origin == within.origin]
        matches = inside or matches
        if len(matches) == 1:
            return matches[0]
        if not matches:
            raise self.unknown(name, kind)
        owners = " and ".join(f"{e.plugin.distribution} {e.plugin.version}" for e in matches)
        choices = " or ".join(repr(self.address(entry)) for entry in matches)
        raise PluginError(f"{kind} {name!r} is declared by {owners}", hint=f"write {choices}")

    def resolve(self, entry: Entry) -> Any:
        """Import the object that an entry's target names.

        Raises:
            PluginError: it cannot be imported; names plugin and target. A machine that is out of
                memory is no fault of the plugin's: that error passes.
        """
        target, origin = entry.record.target, entry.plugin.origin
        try:
            return load(target)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            if out_of_memory(error):
                raise
            raise PluginError(
                f"{entry.kind} {entry.name!r} of plugin {origin} cannot be loaded from {target}: "
                f"{describe_error(error, origin, target)}",
                hint=f"repair or reinstall {origin.distribution}",
            ) from error

    def contested(self, entry: Entry) -> bool:
        """Whether the entry's bare name means other entries too."""
        return sum(other.means(entry.name) for other in self.entries(entry.kind)) > 1

    def address(self, entry: Entry) -> str:
        """The shortest name that means this entry alone."""
        by_distribution = f"{entry.plugin.distribution}/{entry.name}"
        for name in (entry.name, entry.qualified, by_distribution):
            if sum(other.means(name) for other in self.entries(entry.kind)) == 1:
                return name
        return by_distribution

    def unknown(
        self, name: str, kind: str | None = None, also: Collection[str] = ()
    ) -> PluginError:
        """The error for a name nothing answers to: its owner is broken, or the nearest name.

        Args:
            also: names of this kind that are no plugin's.
        """
        what = f"no {kind or 'plugin or record'} {name!r}"
        owner = name.rpartition("/")[0] or name
        not_loaded = [plugin for plugin in self.plugins if plugin.status != "ok"]
        for plugin in not_loaded:
            if plugin.origin.known_as(owner):
                why = f"plugin {plugin.origin} is {plugin.status}: {plugin.error}"
                return PluginError(f"{what}: {why}", hint="see `lvmctl plugins list -v`")
        names = [*also, *self.names(kind)]
        names += [] if kind else [plugin.name for plugin in self.plugins]
        close = nearest(name.rpartition("/")[2], names)
        known = f"there are {', '.join(names)}" if names else "none is installed"
        if len(names) > MAX_LISTED:
            near = difflib.get_close_matches(name, names, n=4, cutoff=0)
            known = f"the nearest are {', '.join(near)}; `lvmctl plugins list` has all"
        if kind in OF_PLUGINS:
            known += f"; more {kind}s come with plugins (pip install lvmctl-NAME)"
        hint = f"did you mean {close!r}?" if close else known
        if not_loaded:
            hint += f" (not loaded: {', '.join(str(plugin.origin) for plugin in not_loaded)})"
        return PluginError(what, hint=hint)


def build(origins: Collection[Origin], disabled: dict[str, str], strict: bool = False) -> Registry:
    """Declare core, then every plugin of ``origins`` that is not disabled.

    Args:
        disabled: what disables a plugin, by the plugin's or its distribution's name.
        strict: raise PluginError for the first broken plugin.
    """
    manager = pluggy.PluginManager("lvmctl")
    manager.add_hookspecs(hookspecs)
    plugins = [declare(CORE, manager)]
    for origin in origins:
        why = disabled.get(origin.name) or disabled.get(origin.distribution)
        if why:
            plugins.append(Plugin(origin, "disabled", error=f"disabled by {why}"))
        elif origin.name == CORE.name:
            plugins.append(Plugin(origin, "broken", error="the plugin name 'core' is lvmctl's own"))
        else:
            plugins.append(declare(origin, manager))
    for plugin in plugins:
        if plugin.status == "broken" and (strict or plugin.origin == CORE):
            raise PluginError(
                f"plugin {plugin.origin} is broken: {plugin.error}",
                hint="see `lvmctl plugins list -v`",
            )
    return Registry(plugins, manager.hook)

"""Errors in plugins name the plugin, its file and line, and a failed hook harms nothing else."""

from __future__ import annotations

import copy
import traceback
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any

from lvmctl.core.errors import LvmctlError, PluginError, out_of_memory
from lvmctl.registry import Entry, Registry
from lvmctl.registry.attribution import describe_error
from lvmctl.registry.find import UNPACKAGED
from lvmctl.registry.process_state import same_directory


@contextmanager
def attribute_errors(entry: Entry) -> Iterator[None]:
    """Turn whatever a plugin's code raises into a :class:`PluginError` that names it.

    lvmctl's own errors and a machine that is out of memory pass unchanged.
    """
    try:
        yield
    except (LvmctlError, KeyboardInterrupt):
        raise
    except (Exception, SystemExit) as error:
        if out_of_memory(error):
            raise
        raise plugin_error(entry, error) from error


def plugin_error(entry: Entry, error: BaseException) -> PluginError:
    """The error of a plugin's code that names the plugin's part, file and line."""
    hint = f"report it to the authors of {entry.plugin.distribution}, or do without it"
    return PluginError(
        f"it failed with {describe_error(error, entry.plugin.origin, entry.record.target)}",
        where=f"{entry.kind} {entry.name} of plugin {entry.plugin.origin}",
        hint="correct it" if entry.plugin.version == UNPACKAGED else hint,
    )


@contextmanager
def attribute_errors_among(entries: Collection[Entry]) -> Iterator[None]:
    """As :func:`attribute_errors`, where the code of several plugins runs: names what raised.

    What none of them raised passes unchanged.
    """
    try:
        yield
    except (Exception, SystemExit) as error:
        entry = failing_entry(error, entries)
        if entry is None:
            raise
        with attribute_errors(entry):
            raise


def failing_entry(error: BaseException, entries: Collection[Entry]) -> Entry | None:
    """The entry whose package the innermost frame of ``error`` is in that is in any."""
    homes = {entry.record.target.partition(":")[0]: entry for entry in entries}
    homes |= {home.partition(".")[0]: entry for home, entry in homes.items()}
    for frame, _ in reversed(list(traceback.walk_tb(error.__traceback__))):
        module = frame.f_globals.get("__name__", "")
        for home in (module, module.partition(".")[0]):
            if home in homes and home != "lvmctl":
                return homes[home]
    return None


BEFORE = ("lvmctl_check_training", "lvmctl_before_run")
"""Hooks that are called before a training begins."""


class Hooks:
    """Calls lifecycle hooks; one that fails is named once and not called again.

    Args:
        registry: whose plugins are called.
        say: called with the line of a failure.
        required: names of plugins that were asked for: if one fails before the training, the
            training does not begin.
    """

    def __init__(
        self, registry: Registry, say: Callable[[str], None], required: Collection[str] = ()
    ) -> None:
        self.registry, self.say, self.required = registry, say, required
        self.failed: set[str] = set()

    def call(self, name: str, **arguments: Any) -> list[Any]:
        """What the plugins' hooks ``name`` return, without the Nones.

        Each gets a copy of the plain data among the arguments, so that none can change it.
        """
        results = []
        for hook in reversed(getattr(self.registry.hook, name).get_hookimpls()):
            if hook.plugin_name in self.failed:
                continue
            values = [copied(arguments[argument]) for argument in hook.argnames]
            try:
                with same_directory():
                    result = hook.function(*values)
                if result is not None and not isinstance(result, str):
                    raise TypeError(f"it returned {result!r}, not a reason or None")
            except (Exception, SystemExit) as error:
                self.failed.add(hook.plugin_name)
                origin = next(p.origin for p in self.registry.plugins if p.id == hook.plugin_name)
                if name in BEFORE and origin.name in self.required:
                    if isinstance(error, LvmctlError):
                        raise
                    raise PluginError(
                        f"plugin {origin} failed with {describe_error(error, origin)}",
                        where="track",
                        hint="leave it out of --set track=",
                    ) from error
                self.say(
                    f"plugin {origin}: {name} failed with {describe_error(error, origin)}; "
                    "its hooks are left out from here on"
                )
                continue
            if result:
                results.append(result)
        return results


def copied(value: Any) -> Any:
    """A copy of plain data, anything else as it is."""
    return copy.deepcopy(value) if isinstance(value, dict | list) else value

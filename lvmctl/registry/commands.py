"""The commands that plugins add: ``lvmctl --help`` has no time to import and check every plugin."""

from __future__ import annotations

import importlib
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from lvmctl.registry import disabled, settings
from lvmctl.registry.find import Origin, find
from lvmctl.registry.process_state import undone

HOOK = "lvmctl_commands"


def commands() -> dict[str, str]:
    """The summary of each command by its name. Only plugins whose source names the hook are
    imported; one that is broken or disabled has no command."""
    left_out, summaries = disabled(), {}
    for origin in find() if settings()["enabled"] else []:
        if {origin.name, origin.distribution} & left_out.keys() or not names_the_hook(origin):
            continue
        with suppress(Exception, SystemExit), undone():
            hook = getattr(importlib.import_module(origin.module), HOOK)
            summaries |= {record.name: str(record.summary) for record in hook()}
    return summaries


def names_the_hook(origin: Origin) -> bool:
    """Whether the source of a plugin's module names the hook, by its file: nothing is imported.
    True where there is no such file."""
    package, _, inside = origin.module.partition(".")
    spec = find_spec(package) if package else None
    if spec is None:
        return False
    places = [Path(place, *inside.split(".")) for place in spec.submodule_search_locations or ()]
    files = [file for place in places for file in (place.with_suffix(".py"), place / "__init__.py")]
    there = [file for file in (files if inside else [Path(spec.origin or "")]) if file.is_file()]
    return not there or HOOK.encode() in there[0].read_bytes()

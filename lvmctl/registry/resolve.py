"""Third tier: import what a record's target names, when something is built from it."""

from __future__ import annotations

import importlib
from typing import Any

from lvmctl.core.errors import PluginError, out_of_memory
from lvmctl.registry.attribution import describe_error
from lvmctl.registry.find import Origin
from lvmctl.registry.record import Record


def resolve(record: Record, origin: Origin, attr: str = "target") -> Any:
    """The object at ``record.<attr>``, a ``"package.module:Attribute"``.

    Raises:
        PluginError: it cannot be imported; names plugin and target. A machine that is out of memory
            is no fault of the plugin's: that error passes.
    """
    target = getattr(record, attr)
    try:
        return load(target)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        if out_of_memory(error):
            raise
        raise PluginError(
            f"{record.kind} {record.name!r} of plugin {origin} cannot be loaded from {target}: "
            f"{describe_error(error, origin, target)}",
            hint=f"repair or reinstall {origin.distribution}",
        ) from error


def load(target: str) -> Any:
    """What ``"package.module:Attribute"`` names; whatever its import raises."""
    module, _, path = target.partition(":")
    value = importlib.import_module(module)
    for name in path.split("."):
        value = getattr(value, name)
    return value

"""Builds what a record's target names, with the arguments that it asks for by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from lvmctl.registry import Entry, Registry
from lvmctl.registry.faults import attribute_errors

TAKES_ANY = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def build(registry: Registry, entry: Entry, **offered: Any) -> Any:
    """What the target of a record makes of those of ``offered`` that it has parameters for.

    Args:
        registry: imports the target.
        entry: the record and its plugin.
        offered: what it may ask for: ``options``, and ``shape`` where there is one.

    Raises:
        PluginError: the target cannot be imported, fails, or asks for something else.
    """
    target = registry.resolve(entry)
    with attribute_errors(entry):
        return construct(target, **offered)


def construct(target: Callable[..., Any], **offered: Any) -> Any:
    """Call ``target`` with those of ``offered`` that are names of its parameters.

    Raises:
        TypeError: it has a parameter without default that is not offered.
    """
    parameters = inspect.signature(target).parameters.values()
    named = [parameter for parameter in parameters if parameter.kind not in TAKES_ANY]
    for parameter in named:
        if parameter.name not in offered and parameter.default is parameter.empty:
            known = " and ".join(offered)
            raise TypeError(f"it asks for {parameter.name!r}, and is given {known} by name")
    return target(**{p.name: offered[p.name] for p in named if p.name in offered})

"""Builds what a record's target names, with the arguments that it asks for by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection
from typing import Any

from lvmctl.registry import Entry, Registry
from lvmctl.registry.faults import attribute_errors

TAKES_ANY = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def build(registry: Registry, entry: Entry, **offered: Any) -> Any:
    """What the target of a record makes of those of ``offered`` that it has parameters for:
    ``options``, and ``shape`` where there is one.

    Raises:
        PluginError: the target cannot be imported, fails, or asks for something else.
    """
    target = registry.resolve(entry)
    with attribute_errors(entry):
        return construct(target, **offered)


def construct(target: Callable[..., Any], **offered: Any) -> Any:
    """Call ``target`` with those of ``offered`` that are names of its parameters."""
    return target(**{name: offered[name] for name in taken(target, offered)})


def taken(target: Callable[..., Any], offered: Collection[str]) -> list[str]:
    """Those of the names ``offered`` that ``target`` has parameters for.

    Raises:
        TypeError: it has a parameter without default that is not offered.
    """
    parameters = inspect.signature(target).parameters.values()
    named = [parameter for parameter in parameters if parameter.kind not in TAKES_ANY]
    for parameter in named:
        if parameter.name not in offered and parameter.default is parameter.empty:
            *others, last = offered
            known = f"{', '.join(others)} and {last}" if others else last
            raise TypeError(f"it has a parameter {parameter.name!r}, and may have {known}")
    return [parameter.name for parameter in named if parameter.name in offered]

"""Batch fields that plugins make."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from lvmctl.data.windows import Windows
from lvmctl.registry import Entry, Registry
from lvmctl.registry.build import taken
from lvmctl.registry.faults import attribute_errors

OFFERED = ("windows", "index", "count", "rng")
"""What a field's target may have parameters for."""

FieldMaker = Callable[[Windows, np.ndarray, int, np.random.Generator], np.ndarray]
"""Windows, which of them (B,), the count that is asked for, a generator → (B, …)."""


def field_maker(target: Callable[..., Any]) -> FieldMaker:
    """A field's target as it is called for each batch: with what of :data:`OFFERED` it asks for."""
    names = taken(target, OFFERED)

    def make(*arguments: Any) -> np.ndarray:
        offered = dict(zip(OFFERED, arguments))
        return np.asarray(target(**{name: offered[name] for name in names}))

    return make


def build_field(registry: Registry, entry: Entry) -> FieldMaker:
    """The maker of a plugin's field; a PluginError names whose it is where it fails."""
    target = registry.resolve(entry)
    with attribute_errors(entry):
        make = field_maker(target)

    def attributed(windows: Windows, index: np.ndarray, *rest: Any) -> np.ndarray:
        with attribute_errors(entry):
            values = make(windows, index, *rest)
            if values.shape[:1] != index.shape:
                raise TypeError(f"it gives {values.shape} for {len(index)} windows")
        return values

    return attributed

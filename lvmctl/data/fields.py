"""Batch fields beside those of each batch: those of plugins, and core's own of a finer level."""

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


def sentences(windows: Windows, index: np.ndarray, count: int) -> np.ndarray:
    """The first and last sentences of a window's chunks, (B, K, 2, P, D)."""
    return windows.pieces(windows.inside(index), count or 1)[0]


def sentence_mask(windows: Windows, index: np.ndarray, count: int) -> np.ndarray:
    """Which of :func:`sentences` are there, (B, K, 2, P)."""
    return windows.pieces(windows.inside(index), count or 1)[1]


def target_sentences(windows: Windows, index: np.ndarray, count: int) -> np.ndarray:
    """The first and last sentences of the target, (B, 2, P, D)."""
    return windows.pieces(windows.rows[index] + windows.target_offset, count or 1)[0]


def target_sentence_mask(windows: Windows, index: np.ndarray, count: int) -> np.ndarray:
    """Which of :func:`target_sentences` are there, (B, 2, P)."""
    return windows.pieces(windows.rows[index] + windows.target_offset, count or 1)[1]

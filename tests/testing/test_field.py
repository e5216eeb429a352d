"""Checks of batch fields."""

from __future__ import annotations

import numpy as np
from testing.judged import address, fails, passes

from lvmctl.registry.specs import BatchFieldSpec


def places(windows, index, count, rng):
    """Places in each window."""
    return rng.integers(0, windows.context_length, size=(len(index), count))


def opening(windows, index):
    """The first chunk of each article."""
    return windows.chunks(windows.split.starts[windows.article[index]])


def late(windows, index):
    """Whether a window begins late."""
    return windows.position[index] > 3


def endless(windows, index):
    """Infinite where a window is the first."""
    with np.errstate(divide="ignore"):
        return 1 / windows.position[index]


def tossed(windows, index, count):
    """Drawn from another generator."""
    return np.random.default_rng().integers(0, 9**9, size=(len(index), count))


def moved(windows, index):
    """Remembers what it was asked."""
    windows.rows += 0 * windows.rows + 1
    return windows.position[index]


def record(target, shape: str) -> BatchFieldSpec:
    return BatchFieldSpec(name="mine", summary="Mine.", shape=shape, target=address(target))


FORM = "has_its_shape"

test_a_sound_field_passes = passes(
    [record(places, "(B, N)"), record(opening, "(B, D)"), record(late, "(B,)")]
)

test_a_broken_field_fails_the_check_of_its_rule = fails(
    [
        (record(lambda windows, index: index[1:], "(B,)"), FORM, "gives (7,), not (8,), (B,)"),
        (record(lambda windows, index: index, "(B, N)"), FORM, "gives (8,), not (8, 1), (B, N)"),
        (record(opening, "(B, K)"), FORM, "it gives (8, 16), not (8, 3)"),
        (record(endless, "(B,)"), FORM, "not all of it is finite"),
        (record(lambda windows, index: index.astype(str), "(B,)"), FORM, "which no tensor holds"),
        (record(tossed, "(B, N)"), "draws_from_the_generator_it_is_given", "it is asked again"),
        (record(moved, "(B,)"), "leaves_the_windows", "it changes the windows in place"),
    ],
    alone=True,
)

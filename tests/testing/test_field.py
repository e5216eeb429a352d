"""Checks of batch fields."""

from __future__ import annotations

import numpy as np
import pytest
from testing.judged import failures, judged

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


def cut(windows, index):
    """One too few."""
    return windows.position[index][1:]


def flat(windows, index, count):
    """A number for each window."""
    return windows.position[index]


def endless(windows, index):
    """Infinite where a window is the first."""
    with np.errstate(divide="ignore"):
        return 1 / windows.position[index]


def named(windows, index):
    """The article's name."""
    return windows.article[index].astype(str)


def tossed(windows, index, count):
    """Drawn from another generator."""
    return np.random.default_rng().integers(0, 9**9, size=(len(index), count))


def moved(windows, index):
    """Remembers what it was asked."""
    windows.rows += 0 * windows.rows + 1
    return windows.position[index]


SOUND = [(places, "(B, N)"), (opening, "(B, D)"), (late, "(B,)")]

BROKEN = [
    (cut, "(B,)", "has_its_shape", "it gives (7,), not (8,), (B,)"),
    (flat, "(B, N)", "has_its_shape", "it gives (8,), not (8, 1), (B, N)"),
    (opening, "(B, K)", "has_its_shape", "it gives (8, 16), not (8, 3)"),
    (endless, "(B,)", "has_its_shape", "not all of it is finite"),
    (named, "(B,)", "has_its_shape", "which no tensor holds"),
    (tossed, "(B, N)", "draws_from_the_generator_it_is_given", "when it is asked again"),
    (moved, "(B,)", "leaves_the_windows", "it changes the windows in place"),
]


def faults(target, shape: str) -> dict[str, str]:
    record = BatchFieldSpec(
        name="mine", summary="Mine.", shape=shape, target=f"{__name__}:{target.__name__}"
    )
    return failures(judged(record))


@pytest.mark.parametrize(("target", "shape"), SOUND)
def test_a_sound_field_passes(target, shape):
    assert faults(target, shape) == {}


@pytest.mark.parametrize(("target", "shape", "check", "says"), BROKEN)
def test_a_broken_field_fails_the_check_of_its_rule(target, shape, check, says):
    messages = faults(target, shape)
    assert messages.keys() == {check}
    assert says in messages[check]

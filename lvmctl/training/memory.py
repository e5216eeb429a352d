"""Memory that grows with every step, which in the end costs the run: seen early and said once."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import torch

EVERY = 25
"""Steps between two looks."""

LEAST = 20
"""Looks before anything is said, unless it grows fast."""

FAST = 5
"""Growth, in multiples of what is much, that is said after half the looks."""

FLOORS = 5
"""Stretches that the looks are cut into; the smallest figure of each is its floor."""

STEADY = 0.5
"""Each floor lies above the one before by at least this share of the mean rise."""

MUCH = 200_000_000
SHARE = 0.05
"""Growth in all that is worth a word: so many bytes, or this share of what there is."""

UNITS = (("GB", 1e9), ("MB", 1e6), ("kB", 1e3))
STATM = Path("/proc/self/statm")


@dataclass(frozen=True)
class Gauge:
    """A memory that is watched.

    Attributes:
        name: what it is called.
        read: bytes in use.
        total: bytes there are.
    """

    name: str
    read: Callable[[], int]
    total: int


def gauges(device: str) -> list[Gauge]:
    """What can be watched on this machine: the process's own memory, on Linux, and the GPU's.

    Pages of files do not count: those of a mapped store fill up as it is read.
    """
    found = []
    if STATM.exists():
        page = os.sysconf("SC_PAGE_SIZE")

        def own() -> int:
            _, resident, shared, *_ = STATM.read_bytes().split()
            return (int(resident) - int(shared)) * page

        found.append(Gauge("memory", own, os.sysconf("SC_PHYS_PAGES") * page))
    if device == "cuda":
        total = torch.cuda.get_device_properties().total_memory
        found.append(Gauge("GPU memory", torch.cuda.memory_allocated, total))
    return found


class Memory:
    """Looks at memory once every :data:`EVERY` steps of a training.

    Args:
        gauges: what is looked at.
        suspects: names of the parts that are not lvmctl's own.
    """

    def __init__(self, gauges: Sequence[Gauge], suspects: Sequence[str]) -> None:
        self.series: list[tuple[Gauge, list[int]]] = [(gauge, []) for gauge in gauges]
        self.suspects = suspects

    def look(self, step: int) -> str | None:
        """What to say after global step ``step``, once in a training: that a memory grows."""
        if step % EVERY:
            return None
        for gauge, seen in self.series:
            seen.append(gauge.read())
            if count := growing(seen, min(MUCH, SHARE * gauge.total)):
                self.series = []
                return self.sentence(gauge, seen[-count:], step)
        return None

    def sentence(self, gauge: Gauge, seen: Sequence[int], step: int) -> str:
        """What is said of a memory that had these figures up to ``step``."""
        steps = (len(seen) - 1) * EVERY
        keeper = "a part may keep what every step makes"
        if self.suspects:
            keeper += f"; those that are not lvmctl's own: {', '.join(self.suspects)}"
        return (
            f"{gauge.name} grows by {size((seen[-1] - seen[0]) / steps)} a step since step "
            f"{step - steps} (now {size(seen[-1])}): {keeper}"
        )


def growing(seen: Sequence[int], much: float) -> int:
    """How many of the last figures rise steadily and by more than ``much`` bytes, 0 for none.

    The last :data:`LEAST`, twice as many, … are looked at, and half as many for :data:`FAST`
    times as much; the most that do so count.
    """
    count, most = LEAST // 2, 0
    while count <= len(seen):
        enough = much if count >= LEAST else FAST * much
        if seen[-1] - seen[-count] > enough and steady(seen[-count:], enough):
            most = count
        count *= 2
    return most


def steady(seen: Sequence[int], much: float) -> bool:
    """Whether the floors of :data:`FLOORS` stretches rise by about the same and by ``much`` in all.

    What comes and goes leaves the floor where it is, what is taken once lifts one floor, and what
    settles lifts each less than the one before.
    """
    length = len(seen) // FLOORS
    floors = [min(seen[at * length : (at + 1) * length]) for at in range(FLOORS)]
    rise = floors[-1] - floors[0]
    least = min(after - before for before, after in pairwise(floors))
    return rise > much and least >= STEADY * rise / (FLOORS - 1)


def size(count: float) -> str:
    """Bytes for a reader: ``1.3 MB``."""
    unit, scale = next((each for each in UNITS if count >= each[1]), UNITS[-1])
    return f"{count / scale:.3g} {unit}"

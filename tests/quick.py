"""What tests do without: many timings, waiting for disks, and making a world more than once."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from lvmctl.data.synthetic import worlds
from lvmctl.evaluation.fivecat import latency

FEW_TIMINGS = {1: (6, 2), 256: (6, 1)}
"""A run is timed 18 times instead of 212; how that is judged has tests of its own."""

WORLDS = "TESTS_WORLDS"
"""Variable of the environment: where worlds are kept, for all processes of a session."""

LARGEST = 1 << 22
"""Bytes of a world that is kept. A small one takes as long to make as one that fills a block."""


def be_quick(patch: pytest.MonkeyPatch) -> None:
    """Do without, in this process."""
    patch.setattr(latency, "BLOCKS", FEW_TIMINGS)
    patch.setattr(os, "fsync", lambda descriptor: None)  # no test takes the power away
    patch.setattr(worlds, "simulate", partial(kept, worlds.simulate))


def kept(simulate, world: worlds.World) -> Iterable[np.ndarray]:
    """The blocks of a world as they were made the first time."""
    place = os.environ.get(WORLDS)
    if place is None or world.articles * world.chunks * world.dim * 8 > LARGEST:
        return simulate(world)
    name = hashlib.sha256(repr(world).encode()).hexdigest()
    return _kept(simulate, world, Path(place, f"{name}.npy"))


def _kept(simulate, world: worlds.World, path: Path) -> Iterator[np.ndarray]:
    if not path.exists():
        own = path.with_name(f"{path.stem}.{os.getpid()}.npy")
        np.save(own, np.concatenate(list(simulate(world))))
        own.replace(path)
    yield np.load(path)

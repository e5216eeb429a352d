"""Memory that grows with every step is told from memory that does anything else."""

from __future__ import annotations

import ctypes
import gc
import math
import random
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from lvmctl.training.memory import EVERY, STATM, Gauge, Memory, gauges, size

MB = 1_000_000
GB = 1000 * MB
LOOKS = 400

LINUX = pytest.mark.skipif(not STATM.exists(), reason="there is no /proc/self/statm here")


def said(figures: Callable[[int], float], total: int = 64 * GB, suspects=("leaky/leaky",)):
    """What is said, by step, when memory is ``figures(look)`` bytes at each look."""
    looks = iter(range(LOOKS))
    memory = Memory([Gauge("memory", lambda: int(figures(next(looks))), total)], suspects)
    told = {step: memory.look(step) for step in range(1, LOOKS * EVERY + 1)}
    return {step: line for step, line in told.items() if line}


def leak(per_step: float, begin: int = 0) -> Callable[[int], float]:
    return lambda look: 2 * GB + per_step * EVERY * max(0, look - begin)


def noisy(figures: Callable[[int], float], width: float) -> Callable[[int], float]:
    rng = random.Random(0)
    return lambda look: figures(look) + rng.uniform(-width, width)


def test_a_leak_is_said_once_with_its_numbers():
    told = said(leak(1.3 * MB))
    assert told == {
        20 * EVERY: "memory grows by 1.3 MB a step since step 25 (now 2.62 GB): a part may keep "
        "what every step makes; those that are not lvmctl's own: leaky/leaky"
    }


def test_without_suspects_nobody_is_named():
    (line,) = said(leak(1.3 * MB), suspects=()).values()
    assert line.endswith("a part may keep what every step makes")


@pytest.mark.parametrize(
    ("figures", "latest"),
    [
        (leak(10 * MB), 20),
        (leak(0.07 * MB), 160),
        (leak(1.3 * MB, begin=200), 225),
        (noisy(leak(1 * MB), 10 * MB), 40),
        (noisy(leak(0.2 * MB), 20 * MB), 160),
    ],
    ids=["fast", "slow", "late", "noisy", "slow and noisy"],
)
def test_every_leak_is_found(figures, latest):
    (step,) = said(figures)
    assert step <= latest * EVERY


def test_a_late_leak_is_dated():
    (line,) = said(leak(5 * MB, begin=200)).values()
    since = int(line.partition("since step ")[2].split()[0])
    assert 190 * EVERY <= since <= 205 * EVERY


@pytest.mark.parametrize(
    "figures",
    [
        lambda look: 2 * GB,
        noisy(lambda look: 2 * GB, 500 * MB),
        lambda look: 2 * GB + (3 * GB if look > 30 else 0),
        lambda look: 2 * GB + GB * (look > 30) + GB * (look > 60) + GB * (look > 90),
        lambda look: 5 * GB - 3 * GB * math.exp(-look / 5),
        lambda look: 2 * GB + 100 * MB * (look % 12),
        lambda look: 2 * GB + 50 * MB * look * (look % 2),
        lambda look: 2 * GB + 50 * MB * min(look, 12),
        lambda look: 5 * GB - 20 * MB * look / 2,
        leak(0.01 * MB),
    ],
    ids=[
        "still",
        "noise",
        "taken once",
        "taken thrice",
        "settles",
        "comes and goes",
        "goes every time",
        "fills up",
        "shrinks",
        "little",
    ],
)
def test_nothing_else_is_a_leak(figures):
    assert said(figures) == {}


def test_what_is_much_depends_on_what_there_is():
    assert said(leak(0.05 * MB), total=64 * GB).keys() == {320 * EVERY}
    assert said(leak(0.05 * MB), total=2 * GB).keys() == {160 * EVERY}


def test_what_grows_fast_is_told_early():
    assert said(leak(80 * MB)).keys() == {10 * EVERY}


def test_each_memory_is_watched():
    still = Gauge("memory", lambda: 0, GB)
    looks = iter(range(LOOKS))
    growing = Gauge("GPU memory", lambda: 40 * MB * next(looks), 80 * GB)
    memory = Memory([still, growing], ())
    told = [line for step in range(1, 2000) if (line := memory.look(step))]
    assert len(told) == 1
    assert told[0].startswith("GPU memory grows by 1.6 MB a step since step 25 (now 760 MB)")


@pytest.mark.parametrize(
    ("count", "text"),
    [(1.3 * MB, "1.3 MB"), (2.1 * GB, "2.1 GB"), (45_600, "45.6 kB"), (500, "0.5 kB")],
)
def test_sizes_are_short(count, text):
    assert size(count) == text


def own_memory() -> list[Gauge]:
    """The process's memory, on a machine so small that 25 MB are much."""
    (gauge,) = gauges("cpu")
    return [replace(gauge, total=500 * MB)]


@LINUX
@pytest.mark.parametrize("keeps", [True, False])
def test_tensors_that_are_kept_are_seen(keeps):
    # Memory that earlier tests freed is given back, or what is kept would fill that first.
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    memory, kept, told = Memory(own_memory(), ["leaky"]), [], []
    for step in range(1, 20 * EVERY + 1):
        output = torch.ones(32_000)  # 128 kB
        if keeps:
            kept.append(output)
        told.append(memory.look(step))
    assert any(told) == keeps


@LINUX
def test_a_mapped_file_that_is_read_is_no_leak(tmp_path):
    path = tmp_path / "vectors"
    path.write_bytes(bytes(80 * MB))
    memory, vectors = Memory(own_memory(), ()), np.memmap(path, np.uint8, "r")
    for step in range(1, 20 * EVERY + 1):
        rows = vectors[(step - 1) * 160_000 : step * 160_000]
        assert rows.sum() == 0
        assert memory.look(step) is None

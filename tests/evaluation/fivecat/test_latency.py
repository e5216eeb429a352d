"""How long a run takes beside another model, and which one that is."""

from __future__ import annotations

import time
from collections import Counter

import numpy as np
import pytest
import torch

from lvmctl.evaluation.fivecat.latency import (
    BLOCKS,
    WARM_UP,
    measure,
    median_interval,
    ratio,
    reference_of,
)
from lvmctl.registry import load_registry
from lvmctl.registry.verdict_specs import VerdictGate


def gate(**details) -> VerdictGate:
    return VerdictGate(name="g", summary="s", metric="latency.ratio", at_most=1.15, **details)


@pytest.mark.parametrize(
    ("gates", "model"),
    [
        ([], "core/free"),
        ([gate()], "core/free"),
        ([gate(), gate(reference="p8/mixture")], "p8/mixture"),
    ],
)
def test_the_gates_say_which_model_a_run_is_timed_beside(gates, model):
    assert reference_of(load_registry(), gates).qualified == model


def test_callers_take_turns_and_the_first_changes():
    calls = []
    callers = {name: lambda context, name=name: calls.append(name) for name in "abc"}
    times = measure(callers, torch.ones(1), blocks=2, rounds=3)
    assert {name: each.shape for name, each in times.items()} == dict.fromkeys("abc", (2, 3))
    assert all((each >= 0).all() for each in times.values())
    timed = calls[3 * WARM_UP :]
    assert Counter(timed) == dict.fromkeys("abc", 6)
    assert [timed[i : i + 3] for i in range(0, 18, 3)] == [
        [*"abc"], [*"bca"], [*"cab"], [*"abc"], [*"bca"], [*"cab"],
    ]  # fmt: skip


def test_times_are_milliseconds_of_each_caller():
    callers = {"query": lambda context: time.sleep(0.004), "reference": lambda context: None}
    times = measure(callers, torch.ones(1), blocks=1, rounds=3)
    assert times["query"].min() >= 4
    assert times["reference"].min() < 4


def drawn(rng, blocks, rounds, busy):
    """Times of a run that takes 1.1 times the reference's, on a machine that is busy in stretches:
    whole blocks are slowed alike, and single calls by up to a tenth."""
    load = 1 + busy * rng.exponential(size=(blocks, 1))
    return {
        name: share * 3 * load * (1 + 0.1 * rng.random((blocks, rounds)))
        for name, share in {"query": 1.0, "score": 0.1, "reference": 1.0}.items()
    }


@pytest.mark.parametrize("busy", [0, 5])
def test_what_slows_a_whole_block_slows_both(busy):
    rng = np.random.default_rng(busy)
    for blocks, rounds in BLOCKS.values():
        estimate = ratio(drawn(rng, blocks, rounds, busy))
        assert estimate["value"] == pytest.approx(1.1, abs=0.05)
        low, high = estimate["ci"]
        assert 1.0 < low <= estimate["value"] <= high < 1.2


def test_a_machine_that_slows_single_calls_widens_the_interval():
    rng = np.random.default_rng(1)
    widths = []
    for spikes in (0.0, 3.0):
        times = drawn(rng, 12, 1, 0)
        times["query"] *= 1 + spikes * (rng.random((12, 1)) < 0.3)
        low, high = ratio(times)["ci"]
        assert low < 1.15 < high or spikes == 0
        widths.append(high - low)
    assert widths[1] > 3 * widths[0]


@pytest.mark.parametrize(
    ("count", "place"), [(1, 0), (2, 0), (5, 0), (6, 0), (8, 0), (9, 1), (12, 2), (20, 5)]
)
def test_the_interval_of_a_median_lies_between_order_statistics(count, place):
    # Places (from 0) of the tables for the sign test at 5 %.
    values = np.random.default_rng(count).permutation(count).astype(float)
    assert median_interval(values) == (place, count - 1 - place)


def test_it_holds_the_median_as_often_as_it_says():
    rng = np.random.default_rng(0)
    for blocks, _ in BLOCKS.values():
        ends = np.array([median_interval(rng.lognormal(size=blocks)) for _ in range(4000)])
        held = ((ends[:, 0] <= 1) & (ends[:, 1] >= 1)).mean()
        assert held == pytest.approx(0.96, abs=0.015)

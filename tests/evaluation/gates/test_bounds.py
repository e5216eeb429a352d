"""A figure against a bound: equality passes, better is never worse, NaN never passes."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from evaluation.gates.estimates import NAMED
from hypothesis import given
from hypothesis import strategies as st

from lvmctl.evaluation.gates.bounds import Estimate, bound, judge, meets
from lvmctl.registry.verdict_specs import VerdictGate

ORDER = {"FAIL": 0, "MARGINAL": 1, "UNDECIDED": 2, "PASS": 3}
FINITE = st.floats(-2, 2)


def gate(**details) -> VerdictGate:
    return VerdictGate(name="g", summary="s", metric="cos_next", **details)


AT_LEAST = gate(at_least=0.2, marginal=0.1)
AT_MOST = gate(at_most=-0.15, marginal=-0.05)
LEAD = gate(at_least=0.0, against="direct")
GATES = [*NAMED.values()]


@pytest.mark.parametrize(
    ("tested", "value", "status"),
    [
        (AT_LEAST, 0.2, "PASS"),
        (AT_LEAST, math.nextafter(0.2, 0), "MARGINAL"),
        (AT_LEAST, 0.1, "MARGINAL"),
        (AT_LEAST, math.nextafter(0.1, 0), "FAIL"),
        (AT_MOST, -0.15, "PASS"),
        (AT_MOST, math.nextafter(-0.15, 0), "MARGINAL"),
        (AT_MOST, -0.05, "MARGINAL"),
        (AT_MOST, math.nextafter(-0.05, 0), "FAIL"),
        (gate(at_least=0.7), 0.7, "PASS"),
        (gate(at_least=0.7), 0.69, "FAIL"),
        (gate(at_most=1.15), 1.15, "PASS"),
        (gate(at_most=1.15), 1.16, "FAIL"),
        (gate(at_least=0.0), 0.0, "PASS"),
        (gate(at_least=0.1, against="direct"), 0.1, "PASS"),
        # To have just what a baseline has is no gain.
        (LEAD, 0.0, "FAIL"),
        (LEAD, -0.0, "FAIL"),
        (LEAD, 1e-9, "PASS"),
        (gate(at_most=0.0, against="wiener"), 0.0, "FAIL"),
        (gate(at_most=0.0, against="wiener"), -1e-9, "PASS"),
    ],
)
def test_equality_passes(tested, value, status):
    assert judge(tested, Estimate(value), require_interval=False) == status


@pytest.mark.parametrize(
    ("tested", "low", "high", "status"),
    [
        (gate(at_least=0.1), 0.1, 0.3, "PASS"),
        (gate(at_least=0.1), math.nextafter(0.1, 0), 0.3, "MARGINAL"),
        (gate(at_most=0.3), 0.1, 0.3, "PASS"),
        (gate(at_most=0.3), 0.1, 0.31, "MARGINAL"),
        (LEAD, 0.0, 0.3, "MARGINAL"),
        (LEAD, 1e-9, 0.3, "PASS"),
        (gate(at_least=0.25), 0.24, 0.3, "FAIL"),  # the interval alone is not enough
        (gate(at_least=0.1), math.nan, math.nan, "MARGINAL"),
        (gate(at_least=0.1), math.inf, math.inf, "MARGINAL"),
    ],
)
def test_a_gate_with_a_required_interval_asks_its_worse_end(tested, low, high, status):
    assert judge(tested, Estimate(0.2, low, high), require_interval=True) == status
    if status != "FAIL":
        assert judge(tested, Estimate(0.2, low, high), require_interval=False) == "PASS"


@pytest.mark.parametrize("tested", [AT_LEAST, AT_MOST, LEAD, gate(at_most=1.15)])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("require_interval", [True, False])
def test_what_is_not_a_number_fails(tested, value, require_interval):
    assert not meets(tested, value)
    assert judge(tested, Estimate(value, value, value), require_interval) == "FAIL"
    assert judge(tested, Estimate(value, -2.0, 2.0), require_interval) == "FAIL"


def test_without_windows_there_is_no_status():
    assert judge(AT_LEAST, None, require_interval=False) == "ABSENT"
    assert judge(AT_LEAST, Estimate(math.nan, windows=0), require_interval=False) == "ABSENT"


@given(
    tested=st.sampled_from([AT_LEAST, AT_MOST, LEAD, *GATES]),
    value=FINITE,
    half=st.floats(0, 1) | st.just(math.nan),
    gain=st.floats(0, 2),
    require_interval=st.booleans(),
)
def test_better_is_never_worse(tested, value, half, gain, require_interval):
    sign = 1 if tested.at_most is None else -1

    def status(value: float) -> int:
        return ORDER[judge(tested, Estimate(value, value - half, value + half), require_interval)]

    assert status(value + sign * gain) >= status(value)


@given(tested=st.sampled_from(GATES), value=FINITE, half=st.floats(0, 1))
def test_a_wider_interval_is_never_better(tested, value, half):
    narrow = judge(tested, Estimate(value, value, value), require_interval=True)
    wide = judge(tested, Estimate(value, value - half, value + half), require_interval=True)
    assert ORDER[wide] <= ORDER[narrow] or wide == "UNDECIDED"
    assert narrow == judge(tested, Estimate(value), require_interval=False)


def test_the_bound_is_the_one_that_is_given():
    assert bound(gate(at_least=0.0)) == 0.0
    assert bound(gate(at_most=-0.1)) == -0.1


TIMED = replace(gate(at_most=1.15), metric="latency.ratio")


@pytest.mark.parametrize("require_interval", [True, False])
@pytest.mark.parametrize(
    ("figure", "status"),
    [
        (Estimate(1.09, 1.05, 1.14), "PASS"),
        (Estimate(1.09, 1.05, 1.15), "PASS"),
        (Estimate(1.11, 1.06, 1.3), "UNDECIDED"),
        (Estimate(1.36, 1.1, 2.0), "UNDECIDED"),
        (Estimate(1.36, 1.2, 2.0), "FAIL"),
    ],
)
def test_a_time_whose_interval_holds_the_bound_is_undecided(figure, status, require_interval):
    assert judge(TIMED, figure, require_interval) == status


def test_only_times_are_undecided():
    figure = Estimate(1.11, 1.06, 1.3)
    assert judge(gate(at_most=1.15), figure, require_interval=False) == "PASS"
    assert judge(gate(at_most=1.15), figure, require_interval=True) == "MARGINAL"
    assert judge(TIMED, Estimate(1.11), require_interval=False) == "PASS"  # without an interval

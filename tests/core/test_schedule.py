"""Weights over a training, against their grammar read by hand."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvmctl import Step
from lvmctl.core.errors import UsageError
from lvmctl.core.schedule import Schedule

STEPS = 4


def weight(text: float | str, epoch: int, index: int = 0) -> float:
    return Schedule.parse(text).at(Step(epoch, index, 99, STEPS))


@pytest.mark.parametrize(
    ("text", "starts"),
    [
        ("0.5", [0.5, 0.5, 0.5, 0.5]),
        (0.5, [0.5, 0.5, 0.5, 0.5]),
        (2, [2, 2, 2, 2]),
        (".2,3=0", [0.2, 0.2, 0, 0]),
        ("0,2=.05,4=.1", [0, 0.05, 0.05, 0.1]),
        ("0,1=3", [3, 3, 3, 3]),
        ("0, 3~.3", [0, 0.1, 0.2, 0.3]),
        ("1,2=0,3~1", [1, 0, 0.5, 1]),
        ("0,2~1,3=0", [0, 0.5, 0, 0]),
    ],
)
def test_the_weight_at_the_start_of_epochs_1_to_4(text, starts):
    assert [weight(text, epoch) for epoch in range(1, 5)] == pytest.approx(starts)


def test_a_ramp_goes_step_by_step_and_ends_with_its_epoch():
    # .001 within six epochs of four steps: 24 steps.
    weights = [weight("0,6~.001", epoch, index) for epoch in range(1, 8) for index in range(STEPS)]
    assert weights == pytest.approx([0.001 * min(step / 24, 1) for step in range(28)])


def test_a_jump_waits_for_the_first_step_of_its_epoch():
    assert [weight("1,3=0", 2, STEPS - 1), weight("1,3=0", 3, 0)] == [1, 0]


@pytest.mark.parametrize(
    ("text", "silent"),
    [
        ("0", [1, 2, 3, 4]),
        ("1", []),
        (".2,3=0", [3, 4]),
        ("0,3=1", [1, 2]),
        ("0,3~1", []),
        ("1,2~0", [3, 4]),
        ("0,2=0,3=1,4=0", [1, 2, 4]),
        ("0,2=1,2=0", [1, 2, 3, 4]),
    ],
)
def test_silent_epochs_are_those_whose_every_step_weighs_nothing(text, silent):
    schedule = Schedule.parse(text)
    assert [epoch for epoch in range(1, 5) if schedule.is_zero(epoch)] == silent
    assert (schedule.most > 0) == (len(silent) < 4)


weights = st.floats(0, 10)
changes = st.tuples(st.integers(1, 5), st.sampled_from("=~"), weights)


@given(weights, st.lists(changes, max_size=3))
def test_silence_is_what_the_weights_say(first, others):
    text = ",".join([repr(first), *(f"{e}{sign}{w!r}" for e, sign, w in sorted(others))])
    try:
        schedule = Schedule.parse(text)
    except UsageError:
        return
    for epoch in range(1, 7):
        values = [schedule.at(Step(epoch, index, 9, 50)) for index in range(50)]
        assert all(value >= 0 for value in values)
        if schedule.is_zero(epoch):
            assert not any(values)
        else:
            assert any(values)
    assert Schedule.parse(str(schedule)) == schedule


def test_it_says_what_was_written():
    assert str(Schedule.parse(" 0, 4 = .05 ,7=.1")) == "0,4=.05,7=.1"
    assert str(Schedule.parse(0.5)) == "0.5"
    assert Schedule.parse("1").at(Step(10**6, 0, 10**6, 1)) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("many", "invalid weight 'many'"),
        ("-1", "invalid weight '-1'"),
        ("nan", "invalid weight 'nan'"),
        (math.inf, "invalid weight 'inf'"),
        ("", "invalid weight ''"),
        ("1,", "invalid weight change ''"),
        ("1,2", "invalid weight change '2'"),
        ("1,0=2", "invalid weight change '0=2'"),
        ("1,1.5=2", "invalid weight change '1.5=2'"),
        ("1,2=-1", "invalid weight '-1'"),
        ("1,2~x", "invalid weight 'x'"),
        ("1,3=1,2=1", "has epochs that do not ascend"),
        ("1,2~1,2~0", "has epochs that do not ascend"),
    ],
)
def test_what_is_no_schedule_is_refused_with_the_grammar(text, message):
    with pytest.raises(UsageError) as caught:
        Schedule.parse(text)
    assert message in str(caught.value)
    assert "E=W to jump" in str(caught.value)


@pytest.mark.parametrize("value", [0.123456789, 1234567.0, 1e-7, 3, 0.1])
def test_a_number_keeps_its_digits(value):
    schedule = Schedule.parse(value)
    assert schedule.most == value
    assert Schedule.parse(str(schedule)).most == value


@pytest.mark.parametrize("epoch", ["9" * 5000, "0", "01", "12345678"])
def test_an_epoch_no_training_has_is_refused(epoch):
    with pytest.raises(UsageError, match="invalid weight change"):
        Schedule.parse(f"1,{epoch}=0")


@pytest.mark.parametrize(("text", "most"), [("0", 0), (".2,3=0", 0.2), ("0,3~.4,5~.1", 0.4)])
def test_the_largest_weight(text, most):
    assert Schedule.parse(text).most == most

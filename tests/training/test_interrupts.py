"""Signals are remembered, not obeyed, and what they did before is put back."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator

import pytest

from lvmctl.training.interrupts import Interrupts

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Whatever the signals did is what they do after a test."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_is_remembered_while_held_and_does_then_what_it_did(number):
    caught = []

    def catch(number, frame):
        caught.append(number)

    for each in SIGNALS:
        signal.signal(each, catch)
    with Interrupts() as interrupts:
        assert interrupts.received is None
        signal.raise_signal(number)
        assert interrupts.received == number
    assert not caught
    assert [signal.getsignal(each) for each in SIGNALS] == [catch] * 3
    signal.raise_signal(number)
    assert caught == [number]


def test_what_a_background_job_does_not_hear_does_not_stop_it():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with Interrupts() as interrupts:
        signal.raise_signal(signal.SIGINT)
        assert interrupts.received is None
        signal.raise_signal(signal.SIGTERM)
        assert interrupts.received == signal.SIGTERM
    assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN


def test_other_threads_leave_signals_alone():
    seen = []

    def hold():
        with Interrupts():
            seen.append([signal.getsignal(number) for number in SIGNALS])

    thread = threading.Thread(target=hold)
    thread.start()
    thread.join()
    assert seen == [[signal.getsignal(number) for number in SIGNALS]]

"""What the terminal shows of long work, also where nobody reads it."""

from __future__ import annotations

import sys

import pytest

from lvmctl import Step
from lvmctl.cli.reporter import TerminalReporter
from lvmctl.core.reporter import SILENT


class Stream:
    """A stderr that is a terminal or not, and whose reader may be gone."""

    encoding = "utf-8"

    def __init__(self, terminal: bool, broken: bool) -> None:
        self.terminal, self.broken, self.text = terminal, broken, ""

    def isatty(self):
        return self.terminal

    def write(self, text):
        if self.broken:
            raise BrokenPipeError(32, "Broken pipe")
        self.text += text

    def flush(self):
        if self.broken:
            raise BrokenPipeError(32, "Broken pipe")


def report_all(reporter) -> int:
    """Uses every method; returns the units done."""
    done = 0
    with reporter.progress("embed", "chunks", 3, done=1) as advance:
        reporter.info("hello")
        for _ in range(2):
            advance(1)
            done += 1
    reporter.warning("odd")
    reporter.values(Step(1, 0, 1, 1), {"loss": 1.0})
    reporter.epoch({"epoch": 1, "train": {"loss": 1.0}}, 1, 10.0)
    return done


def test_what_a_long_stage_will_take_is_said_once(monkeypatch, capsys):
    now = iter([0.0, 2.0, 4.0, 6.0, 0.0, 40.0])
    monkeypatch.setattr("lvmctl.cli.reporter.time.monotonic", lambda: next(now))
    with TerminalReporter().progress("tiles", "tiles", 500) as done:
        for _ in range(3):
            done(1)
    assert capsys.readouterr().err == "tiles: this takes about 17 minutes\n"
    with TerminalReporter().progress("short", "tiles", 10) as done:
        done(8)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(("epochs", "loss"), [(9, 1.0), (42, 9.0), (100, 12.0), (10_000, 123.0)])
def test_the_line_of_an_epoch_fits(capsys, epochs, loss):
    val = {"loss": loss, "r@5": 1.0, "direct": {"r@5": 1.0}}
    record = {"epoch": epochs, "train": {"loss": loss}, "val": val}
    TerminalReporter().epoch(record, epochs, 12_345.0)
    line = capsys.readouterr().err.rstrip("\n")
    assert len(line) <= 80
    assert "R@5 1.000, direct 1.000" in line


@pytest.mark.parametrize("terminal", [True, False])
def test_a_broken_stderr_stops_nothing(monkeypatch, terminal):
    monkeypatch.setattr(sys, "stderr", Stream(terminal, broken=True))
    assert report_all(TerminalReporter()) == 2


def test_a_closed_stderr_stops_nothing(monkeypatch, tmp_path):
    stream = (tmp_path / "err").open("w")
    stream.close()
    monkeypatch.setattr(sys, "stderr", stream)
    assert report_all(TerminalReporter()) == 2


@pytest.mark.parametrize("terminal", [True, False])
def test_a_bar_is_for_terminals(monkeypatch, terminal):
    stream = Stream(terminal, broken=False)
    monkeypatch.setattr(sys, "stderr", stream)
    assert report_all(TerminalReporter()) == 2
    assert ("embed" in stream.text) == terminal
    for line in ("hello\n", "warning: odd\n", "epoch 1 step 1/1  loss 1\n", "10 windows/s\n"):
        assert line in stream.text


def test_the_silent_reporter_shows_nothing(capsys):
    assert report_all(SILENT) == 2
    assert capsys.readouterr() == ("", "")

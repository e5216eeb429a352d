"""What a training says, also to nobody."""

from __future__ import annotations

from lvmctl.cli.train import reporter as train_screen
from lvmctl.core.batch import Step


def test_a_closed_stderr_stops_nothing(monkeypatch):
    def closed(message):
        raise BrokenPipeError

    monkeypatch.setattr(train_screen, "notice", closed)
    screen = train_screen.Terminal()
    screen.say("hello")
    screen.values(Step(1, 0, 1, 1), {"loss": 1.0})
    screen.epoch({"epoch": 1, "train": {"loss": 1.0}}, 1, 10.0)

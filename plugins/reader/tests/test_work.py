"""A fine-tuning that was interrupted goes on."""

from __future__ import annotations

import io
from contextlib import contextmanager, suppress

import pytest
import torch
from lvmctl_reader.continuation import Continuation
from lvmctl_reader.work import Work
from tiny_encoder import learned

from lvmctl import Reporter


class Partial:
    """Keeps states as a run does."""

    def __init__(self) -> None:
        self.file = b""

    def save(self, state: dict) -> None:
        torch.save(state, made := io.BytesIO())
        self.file = made.getvalue()

    def load(self) -> dict | None:
        return torch.load(io.BytesIO(self.file), weights_only=True) if self.file else None


class Ending(Reporter):
    """Ends a stage after so many calls, and keeps what was counted."""

    def __init__(self, calls: int) -> None:
        self.calls, self.counts = calls, []

    @contextmanager
    def progress(self, what, unit, total=None, done=0):
        self.counts.append(done)

        def advance(count: int) -> None:
            self.counts.append(count)
            self.calls -= 1
            if self.calls == 0:
                raise KeyboardInterrupt

        yield advance


@pytest.mark.parametrize("calls", [2, 6, 8])
def test_what_was_interrupted_goes_on_to_the_same_encoders(articles, calls, monkeypatch):
    monkeypatch.setattr("lvmctl_reader.matcher.KEEP", 3)
    whole, partial = learned(articles), Partial()
    for ending in (Ending(calls), Ending(-1)):
        torch.manual_seed(0)
        made = Continuation()
        work = Work(ending.progress, partial)
        with suppress(KeyboardInterrupt):
            made.learn(articles, 3, work)
    assert sum(ending.counts) == 60
    assert ending.counts[0] == 6 * calls
    state = whole.state_dict()
    assert all(torch.equal(value, state[name]) for name, value in made.state_dict().items())

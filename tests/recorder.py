"""A reporter that remembers what it was told."""

from __future__ import annotations

from contextlib import contextmanager

from lvmctl.core.reporter import Reporter


class Recorder(Reporter):
    """Remembers messages, progress (``{stage: [total, done]}``), epochs and values."""

    def __init__(self) -> None:
        self.messages: list[str] = []
        self.stages: dict[str, list[int]] = {}
        self.epochs: list[dict] = []
        self.seen: list[tuple] = []

    def info(self, message):
        self.messages.append(message)

    @contextmanager
    def progress(self, what, unit, total=None, done=0):
        counted = self.stages.setdefault(what, [total, done])

        def advance(count):
            counted[1] += count

        yield advance

    def epoch(self, record, epochs, windows_per_s):
        self.epochs.append(record)

    def values(self, step, values):
        self.seen.append((step, values))

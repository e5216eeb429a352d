"""What small trainings share."""

from __future__ import annotations

DATA = "synth:topic?articles=24&chunks=16&dim=16"
TINY = {"layers": 1, "width": 16, "heads": 2, "feedforward": 16, "min_article": 6, "batch_size": 32}


class Watcher:
    """A screen that remembers what it was told."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.epochs: list[dict] = []
        self.every = 0
        self.seen: list[tuple] = []

    def steps(self, steps, epoch, epochs):
        return steps

    def epoch(self, record, epochs, windows_per_s):
        self.epochs.append(record)

    def values(self, step, values):
        self.seen.append((step, values))

    def say(self, message):
        self.said.append(message)

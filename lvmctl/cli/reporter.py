"""What the person at the terminal sees of long work, on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from lvmctl.cli.output import is_terminal, notice
from lvmctl.core.batch import Step
from lvmctl.core.formatting import LONG, WIDTH, count, duration, number
from lvmctl.core.reporter import Reporter

if TYPE_CHECKING:
    from tqdm import tqdm

VERBOSE = 200
"""Steps between the lines of ``train -v``."""

SOON = 3.0
"""Seconds of a stage that tell how long it will take."""


class TerminalReporter(Reporter):
    """Messages as lines on stderr, each once; progress as a bar where stderr is a terminal; every
    so many training steps, what the losses measured (0: never)."""

    def __init__(self, every: int = 0) -> None:
        self.every = every
        self.bar: tqdm | None = None
        self.shown: set[str] = set()

    def info(self, message: str) -> None:
        if message not in self.shown:
            self.shown.add(message)
            self._line(message)

    def _line(self, message: str) -> None:
        if self.bar is not None:
            self.bar.clear()
        notice(message)
        if self.bar is not None:
            self.bar.refresh()

    def warning(self, message: str) -> None:
        self.info(f"warning: {message}")

    @contextmanager
    def progress(
        self, what: str, unit: str, total: int | None = None, done: int = 0
    ) -> Iterator[Callable[[int], object]]:
        if not is_terminal():
            yield self._expected(what, total, done)
            return
        from tqdm import tqdm

        outer = self.bar
        with tqdm(
            desc=what,
            unit=f" {unit}",
            total=total,
            initial=done,
            leave=False,
            file=Forgiving(),
            dynamic_ncols=True,
        ) as self.bar:
            try:
                yield self.bar.update
            finally:
                self.bar = outer

    def _expected(self, what: str, total: int | None, done: int) -> Callable[[int], object]:
        """Says, soon after a stage has begun, how long it will take, where that is more than a
        minute: what the bar of a terminal shows."""
        begin, counted = time.monotonic(), 0

        def update(count: int) -> None:
            nonlocal counted, total
            counted += count
            elapsed = time.monotonic() - begin
            if total and counted and elapsed > SOON:
                expected, known = elapsed * (total - done) / counted, f"{what}: this takes about "
                if expected > LONG and not any(line.startswith(known) for line in self.shown):
                    self.info(f"{known}{duration(expected)}")
                total = None

        return update

    def epoch(self, record: dict[str, Any], epochs: int, windows_per_s: float) -> None:
        train = record["train"]
        parts = [f"epoch {record['epoch']}/{epochs}", f"loss {number(train['loss'], 4)}"]
        if "skipped_steps" in train:
            parts.append(f"skipped {count(train['skipped_steps'], 'non-finite step')}")
        if val := record.get("val"):
            parts.append(f"val {number(val['loss'], 4)}")
            if "r@5" in val:
                direct = number(val["direct"]["r@5"])
                parts.append(f"R@5 {number(val['r@5'])}, direct {direct}")
        line, speed = "  ".join(parts), f"  {windows_per_s:,.0f} windows/s"
        self._line(line + speed * (len(line + speed) <= WIDTH))

    def values(self, step: Step, values: dict[str, float]) -> None:
        shown = "  ".join(f"{name} {value:.5g}" for name, value in values.items())
        self._line(f"epoch {step.epoch} step {step.index + 1}/{step.steps_per_epoch}  {shown}")


class Forgiving:
    """The stderr of the moment; what cannot be written to it is lost."""

    encoding = property(lambda self: sys.stderr.encoding)

    def write(self, text: str) -> None:
        with suppress(OSError, ValueError):
            sys.stderr.write(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            sys.stderr.flush()

    def fileno(self) -> int:
        return sys.stderr.fileno()

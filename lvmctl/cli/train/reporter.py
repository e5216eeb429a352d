"""How a training looks to the person at the terminal, on stderr."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from lvmctl.cli.output import notice
from lvmctl.core.batch import Step

VERBOSE = 200
"""Steps between the lines of ``-v``."""


class Terminal:
    """Progress on stderr: a bar on a terminal, one line per epoch everywhere.

    Args:
        every: steps between lines of what the objective measures; 0 is none.
    """

    def __init__(self, every: int = 0) -> None:
        self.every = every

    def steps(self, steps: range, epoch: int, epochs: int) -> Iterator[int]:
        if not sys.stderr.isatty():
            yield from steps
            return
        from tqdm import tqdm

        label = f"epoch {epoch}/{epochs}"
        yield from tqdm(
            steps, desc=label, initial=steps.start, total=steps.stop, unit="step", leave=False
        )

    def epoch(self, record: dict[str, Any], epochs: int, windows_per_s: float) -> None:
        train = record["train"]
        parts = [f"epoch {record['epoch']}/{epochs}", f"loss {train['loss']:.4f}"]
        if "skipped_steps" in train:
            parts.append(f"skipped {train['skipped_steps']} non-finite steps")
        if val := record.get("val"):
            parts.append(f"val loss {val['loss']:.4f} cos_next {val['cos_next']:.4f}")
            parts += [f"margin[{p}] {value:+.3f}" for p, value in val["margin"].items()]
            if "r@5" in val:
                parts.append(f"R@5 {val['r@5']:.3f} (direct {val['direct']['r@5']:.3f})")
        parts.append(f"{windows_per_s:,.0f} windows/s")
        self.say("  ".join(parts))

    def values(self, step: Step, values: dict[str, float]) -> None:
        shown = "  ".join(f"{name} {value:.5g}" for name, value in values.items())
        self.say(f"epoch {step.epoch} step {step.index + 1}/{step.steps_per_epoch}  {shown}")

    def say(self, message: str) -> None:
        with suppress(OSError):  # nobody reads any more: the training goes on
            notice(message)

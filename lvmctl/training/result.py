"""What a training tells whoever watches, and what it ends with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from lvmctl.core.batch import Step


class Screen(Protocol):
    """Whoever watches the training.

    Attributes:
        every: steps between calls of ``values``; 0 is never.
    """

    every: int

    def steps(self, steps: range, epoch: int, epochs: int) -> Iterable[int]:
        """Give the ``steps`` of an epoch one by one, showing progress."""

    def epoch(self, record: dict[str, Any], epochs: int, windows_per_s: float) -> None:
        """An epoch ended with the history record ``record``."""

    def values(self, step: Step, values: dict[str, float]) -> None:
        """What the objective measured at a step."""

    def say(self, message: str) -> None:
        """Something a person should read."""


@dataclass(frozen=True)
class Result:
    """How a training ended.

    Attributes:
        best: history record of the epoch whose weights are ``best_model.pt``.
        epochs: epochs trained.
        stopped: why a rule or a plugin ended it before the last epoch, or None.
    """

    best: dict[str, Any]
    epochs: int
    stopped: str | None

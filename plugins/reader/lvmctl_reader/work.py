"""How far a fine-tuning is, and what is kept of it until it ends."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol

from lvmctl import Reporter
from lvmctl_reader.matcher import State

SILENT = Reporter()

Progress = Callable[[str, str, int, int], AbstractContextManager[Callable[[int], object]]]
"""As :meth:`lvmctl.Reporter.progress`: what is done, what is counted, how many, done before."""


class Partial(Protocol):
    """Where a state is kept until a run has a checkpoint."""

    def load(self) -> Any:
        """What was kept; None where nothing was."""
        ...

    def save(self, state: dict[Any, Any]) -> None:
        """Keep it in place of what was kept before."""
        ...


class Work:
    """A fine-tuning of several encoders.

    Attributes:
        states: of the encoders that were begun, by number.
    """

    def __init__(
        self,
        progress: Progress = SILENT.progress,
        partial: Partial | None = None,
    ) -> None:
        self.progress, self.partial = progress, partial
        self.states: dict[int, State] = (partial and partial.load()) or {}

    def keep(self, number: int) -> Callable[[State], None]:
        """Takes the states of encoder ``number``."""

        def kept(state: State) -> None:
            if self.partial is not None:
                self.states[number] = state
                self.partial.save(self.states)

        return kept

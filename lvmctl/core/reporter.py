"""Where long work reports messages and progress. Torch-free."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from lvmctl.core.batch import Step


class Reporter:
    """Takes messages and progress of long work and shows nothing.

    Subclass it and override what you want to see. None of its methods may raise: what cannot be
    shown must not end the work.

    Attributes:
        every: training steps between calls of :meth:`values`; 0 is never.

    Example:
        >>> class Printing(lvmctl.Reporter):
        ...     def info(self, message):
        ...         print(message)
        >>> Printing().info("hello")
        hello
    """

    every = 0

    def info(self, message: str) -> None:
        """Take a message for the user, one line."""

    def warning(self, message: str) -> None:
        """Take a message about something that is not as it should be; by default as ``info``."""
        self.info(message)

    @contextmanager
    def progress(
        self, what: str, unit: str, total: int | None = None, done: int = 0
    ) -> Iterator[Callable[[int], object]]:
        """Show the progress of a stage while the context is open.

        Args:
            what: name of the stage.
            unit: what is counted, in the plural.
            total: units in all; None where that is not known.
            done: units that were done before.

        Yields:
            A function to be called with the number of units done since the last call.
        """
        yield lambda count: None

    def epoch(self, record: dict[str, Any], epochs: int, windows_per_s: float) -> None:
        """Take the history record of a training's epoch that ended, one of ``epochs``."""

    def values(self, step: Step, values: dict[str, float]) -> None:
        """Take what the losses measured at a training step, by name."""


SILENT = Reporter()
"""Shows nothing: the default wherever a reporter can be given."""

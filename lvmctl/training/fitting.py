"""What a model learns from the training windows before the first step."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from lvmctl import processes
from lvmctl.core.errors import Interrupted
from lvmctl.core.files import output_errors, write_whole
from lvmctl.core.paths import typed
from lvmctl.core.reporter import Reporter
from lvmctl.core.run_directory import RunDirectory
from lvmctl.data import Windows
from lvmctl.registry import Entry
from lvmctl.registry.faults import attribute_errors
from lvmctl.training.interrupts import Interrupts


def fit_model(
    entry: Entry,
    model: torch.nn.Module,
    windows: Windows,
    reporter: Reporter,
    interrupts: Interrupts,
    run: RunDirectory,
) -> None:
    """Call ``model.fit(windows)`` if it is declared fitted, with what more it takes; see
    :class:`~lvmctl.registry.specs.ModelSpec`."""
    if entry.record.fitted:
        offered = {
            "progress": watched_progress(reporter, interrupts, run.path),
            "partial": Partial(run),
            "info": reporter.info,
        }
        takes = inspect.signature(model.fit).parameters
        with attribute_errors(entry):
            model.fit(windows, **{name: offered[name] for name in offered if name in takes})


class Partial:
    """What a fit that takes minutes has done so far, in the run until its first checkpoint."""

    def __init__(self, run: RunDirectory) -> None:
        self.path = run.checkpoints / "fit.pt"

    def save(self, state: dict[str, Any]) -> None:
        """Keep tensors and plain values in place of what was kept before."""
        if processes.rank() == 0:
            write_whole(self.path, lambda file: torch.save(state, file))

    def load(self) -> dict[str, Any] | None:
        """What was kept, on the CPU; None where nothing is that can be read."""
        try:
            return torch.load(self.path, map_location="cpu", weights_only=True)
        except Exception:  # what cannot be read is done again
            return None

    def forget(self) -> None:
        """Remove what was kept."""
        if processes.rank() == 0:
            with output_errors(self.path):
                self.path.unlink(missing_ok=True)


def watched_progress(reporter: Reporter, interrupts: Interrupts, run: Path) -> Callable[..., Any]:
    """As :meth:`~lvmctl.core.reporter.Reporter.progress`, and a signal ends what is being done.

    What is yielded raises an Interrupted then, which says how to begin ``run`` again.
    """

    @contextmanager
    def progress(
        what: str, unit: str, total: int | None = None, done: int = 0
    ) -> Iterator[Callable[[int], None]]:
        with reporter.progress(what, unit, total, done) as shown:

            def advance(count: int) -> None:
                shown(count)
                if interrupts.received is not None:
                    message = f"interrupted before the first epoch, while {what}"
                    hint = f"go on with --resume {typed(run)}"
                    raise Interrupted(interrupts.received, message, hint=hint)

            yield advance

    return progress

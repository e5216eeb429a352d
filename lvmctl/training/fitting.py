"""What a model learns from the training windows before the first step."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from lvmctl.core.errors import Interrupted
from lvmctl.core.reporter import Reporter
from lvmctl.data import Windows
from lvmctl.registry import Entry
from lvmctl.registry.faults import attribute_errors
from lvmctl.training.interrupts import Interrupts


def fit_model(
    entry: Entry, model: torch.nn.Module, windows: Windows, progress: Callable[..., Any]
) -> None:
    """Call ``model.fit(windows)`` if it is declared fitted, with ``progress`` if it takes that."""
    if entry.record.fitted:
        takes = "progress" in inspect.signature(model.fit).parameters
        with attribute_errors(entry):
            model.fit(windows, **({"progress": progress} if takes else {}))


def watched_progress(reporter: Reporter, interrupts: Interrupts, run: Path) -> Callable[..., Any]:
    """As :meth:`~lvmctl.core.reporter.Reporter.progress`, and a signal ends what is being done.

    What is yielded raises an Interrupted then, which says how to begin ``run`` again.
    """

    @contextmanager
    def progress(what: str, unit: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
        with reporter.progress(what, unit, total) as shown:

            def advance(count: int) -> None:
                shown(count)
                if interrupts.received is not None:
                    message = f"interrupted before the first epoch, while {what}"
                    hint = f"begin again with --resume {run}"
                    raise Interrupted(interrupts.received, message, hint=hint)

            yield advance

    return progress

"""``lvmctl train`` of a single run: started, or continued."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lvmctl.cli.reporter import Terminal
from lvmctl.cli.train.request import Typed
from lvmctl.core.errors import UsageError

if TYPE_CHECKING:
    from lvmctl.config import Experiment
    from lvmctl.training.job import Finished


def started(typed: Typed, experiment: Experiment | None, out: Path | None, every: int) -> Finished:
    """Start a run of a recipe, or of an experiment with what is typed laid over it."""
    from lvmctl.training import job

    return job.start(typed.request(experiment, out), Terminal(every))


def continued(resume: Path, typed: Typed, every: int) -> Finished:
    """Resume a run; sources name where its data is now."""
    from lvmctl.training import job
    from lvmctl.training.provenance import absolutes

    moved = absolutes(dict(typed.sources)) if any(typed.sources.values()) else None
    return job.resume(resume, typed.layers, typed.device, Terminal(every), typed.recipe, moved)


def refuse(resume: Path, given: dict[str, Any], what: str = "recipe and its place") -> None:
    """Refuse what a resumed run cannot take."""
    if refused := [name for name, value in given.items() if value]:
        raise UsageError(
            f"a resumed run keeps its {what}, {', '.join(refused)} cannot change",
            where=f"--resume {resume}",
            mend="leave them out",
        )


def record(finished: Finished) -> dict[str, Any]:
    """What ``--json`` prints of a run."""
    return {
        "run": str(finished.run.path),
        "recipe": finished.plan.recipe,
        "epochs": finished.result.epochs,
        "best": finished.result.best,
        "stopped": finished.result.stopped,
        "demonstration": finished.demonstration,
    }


def end_with_parent() -> None:
    """Save and end as after a SIGTERM when the process that started this one is gone.

    It holds the other end of this process's stdin, which closes however it ends.
    """

    def watch() -> None:
        while os.read(sys.__stdin__.fileno(), 1):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()

"""Follows a training in TensorBoard: ``lvmctl train ... --set track=tensorboard``."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from lvmctl import hookimpl
from lvmctl_trackers.follow import is_tracked, library, options_of, report_page, scalars

FOLDER = "tensorboard"
"""In the run directory: ``tensorboard --logdir runs`` shows all runs beside each other."""


@hookimpl
def lvmctl_check_training(options: Any) -> None:
    if "tensorboard" in options.tracked:
        library("torch.utils.tensorboard", "tensorboard")


@hookimpl
def lvmctl_before_run(run: Any) -> None:
    if is_tracked(run, "tensorboard"):
        options = {name: shown(value) for name, value in options_of(run).items()}
        with writer(run) as events:
            table = "\n".join(f"| {name} | {value} |" for name, value in options.items())
            events.add_text("options", f"| option | value |\n|---|---|\n{table}", 0)


@hookimpl
def lvmctl_after_epoch(run: Any, epoch: int, metrics: dict[str, Any]) -> None:
    if is_tracked(run, "tensorboard"):
        with writer(run, purge_step=epoch) as events:
            for name, value in scalars(metrics).items():
                events.add_scalar(name, value, epoch)


@hookimpl
def lvmctl_after_run(run: Any, result: dict[str, Any]) -> None:
    if not is_tracked(run, "tensorboard"):
        return
    options = {name: shown(value) for name, value in options_of(run).items()}
    best = {f"best/{name}": value for name, value in scalars(result["best"] or {}).items()}
    summary = library("torch.utils.tensorboard.summary", "tensorboard")
    with writer(run) as events:
        for part in summary.hparams(options, best):
            events.file_writer.add_summary(part)
        for name, value in best.items():
            events.add_scalar(name, value, result["epochs"])
    page = report_page(run)
    if page is not None:
        shutil.copyfile(page, Path(run.path) / FOLDER / "report.html")


def writer(run: Any, **arguments: Any) -> Any:
    """Writes events into the run; they are on disk when it is closed.

    Args:
        arguments: ``purge_step`` hides the events of a step, and of those after it, that a
            training wrote before it was interrupted.
    """
    module = library("torch.utils.tensorboard", "tensorboard")
    return module.SummaryWriter(str(Path(run.path) / FOLDER), **arguments)


def shown(value: Any) -> Any:
    """An option as TensorBoard takes it."""
    return value if isinstance(value, bool | int | float | str) else str(value)

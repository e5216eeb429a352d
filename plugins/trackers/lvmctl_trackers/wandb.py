"""Follows a training in Weights & Biases: ``lvmctl train ... --set track=wandb``.

Without a network: the files are in the run's ``wandb`` folder, and ``wandb sync`` sends them where
that is wanted. ``WANDB_MODE=online`` sends them at once.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from lvmctl import hookimpl
from lvmctl_trackers.follow import is_tracked, library, options_of, report_page, scalars

OPEN: dict[Path, Any] = {}
"""Sessions by run directory: the three hooks of a training share one."""


@hookimpl
def lvmctl_check_training(options: Any) -> None:
    if "wandb" in options.tracked:
        library("wandb", "wandb")


@hookimpl
def lvmctl_before_run(run: Any) -> None:
    if is_tracked(run, "wandb"):
        OPEN[run.path] = library("wandb", "wandb").init(
            project=os.environ.get("WANDB_PROJECT", "lvmctl"),
            name=run.path.name,
            dir=str(run.path),
            config=options_of(run),
            mode=os.environ.get("WANDB_MODE", "offline"),
        )


@hookimpl
def lvmctl_after_epoch(run: Any, epoch: int, metrics: dict[str, Any]) -> None:
    if run.path in OPEN:
        OPEN[run.path].log({"epoch": epoch, **scalars(metrics)}, step=epoch)


@hookimpl
def lvmctl_after_run(run: Any, result: dict[str, Any]) -> None:
    if run.path not in OPEN:
        return
    session = OPEN.pop(run.path)
    session.summary.update({f"best/{k}": v for k, v in scalars(result["best"] or {}).items()})
    page = report_page(run)
    if page is not None:
        artefact = library("wandb", "wandb").Artifact(f"report-{run.path.name}"[:128], "report")
        artefact.add_file(str(page))
        session.log_artifact(artefact)
    session.finish()

"""The trials of a sweep: planned and checked, and how far each of their run directories is.

``grid.json`` in a sweep's directory says what was asked for; ``comparison.json`` and
``comparison.txt`` compare what is finished. Every trial is an ordinary run directory beside them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lvmctl.core.errors import DataError, LvmctlError, OutputError, RunError
from lvmctl.core.files import jsonable, output_errors
from lvmctl.core.json_input import readable
from lvmctl.core.run_directory import RunDirectory
from lvmctl.core.runs import SWEEP_FILE
from lvmctl.core.tree import leaves
from lvmctl.data.splits.identity import same_data
from lvmctl.data.splits.open import Splits, open_splits
from lvmctl.plan import ROLES, Plan, make_plan
from lvmctl.registry import Registry
from lvmctl.training.backend import choose_device
from lvmctl.training.job import windows_of
from lvmctl.training.provenance import FORMAT
from lvmctl.training.request import TrainRequest

WAITING, BEGUN, FINISHED, FAILED = "waiting", "begun", "finished", "failed"
LOCK_WAIT = 60.0
"""Seconds in which a training that was stopped should have saved."""


class SweepError(LvmctlError):
    """What is wrong with trials, reported at once; the exit code is the first one's."""

    def __init__(self, code: int, what: str, **details: str | None) -> None:
        super().__init__(what, **details)
        self.exit_code = code


@dataclass
class Trial:
    """One training of a sweep.

    ``group`` is the experiment or recipe that seeds are averaged over; ``plan`` and ``data``, what
    identifies its data by split, are there once :func:`check` found nothing wrong; ``trained`` says
    whether this command trained it, ``code`` and ``error`` how it failed.
    """

    name: str
    group: str
    request: TrainRequest
    plan: Plan | None = None
    data: dict[str, Any] = field(default_factory=dict)
    state: str = WAITING
    trained: bool = False
    code: int = 0
    error: str | None = None

    @property
    def path(self) -> Path:
        return self.request.out

    def record(self) -> dict[str, Any]:
        """As ``--json`` prints it."""
        records = history(self.path)
        return {
            "name": self.name,
            "experiment": self.request.experiment,
            "recipe": self.plan.recipe,
            "seed": self.plan.options.seed,
            "run": str(self.path),
            "state": self.state,
            "trained": self.trained,
            "epochs": len(records),
            "stopped": stopped(records),
            "exit_code": self.code,
            "error": self.error,
        }


def check(registry: Registry, trials: Sequence[Trial]) -> None:
    """Plan every trial, open its data, once where it is shared, and compare it with what its
    directory holds; nothing is written. One SweepError names all that is wrong with any."""
    opened: dict[str, Splits] = {}
    faults: dict[str, list[str]] = {}
    code = 0
    for trial in trials:
        try:
            request = trial.request
            trial.plan = make_plan(registry, request.recipe, request.layers, request.losses)
            for part in trial.plan.parts:
                registry.resolve(part.entry)
            choose_device(request.device)
            key = json.dumps(request.sources, sort_keys=True)
            if key not in opened:
                opened[key] = open_splits(**request.sources)
            splits = opened[key]
            windows_of(trial.plan, splits)
            trial.data = splits.records()
            refuse_another(trial)
        except LvmctlError as error:
            faults.setdefault(str(error), []).append(trial.name)
            code = code or error.exit_code
    if faults:
        raise SweepError(code, "; ".join(f"{', '.join(who)}: {why}" for why, who in faults.items()))


def refuse_another(trial: Trial) -> None:
    """Refuse a directory that holds a run of another configuration."""
    if not os.path.lexists(trial.path):
        return
    run, device = RunDirectory.open(trial.path), trial.request.device
    saved = run.read(run.config)
    hint = "restore it, or remove the directory to train it anew"
    with readable(run.config, "is not the configuration of a run", hint):
        if saved["format"] != FORMAT:
            raise RunError("was written by another version of lvmctl", where=run.config)
        changed = differences(jsonable(trial.plan.record()), saved)
        if not same_data(trial.data, saved["splits"]):
            changed.append("the data (content or splits)")
        if device not in ("auto", was := saved["backend"]["device"]):
            changed.append(f"device is {device}, was {was}")
    if changed:
        raise RunError(
            f"was trained with another configuration: {', '.join(changed)}",
            where=trial.path,
            hint="name another place with --out, or remove this directory to train it anew",
        )


def differences(planned: dict[str, Any], saved: dict[str, Any]) -> list[str]:
    """What differs between two plans' records, for a reader."""
    changed = []
    if planned["recipe"] != saved["recipe"]:
        changed.append(f"recipe is {planned['recipe']}, was {saved['recipe']}")
    ours, theirs = dict(leaves(planned["options"])), dict(leaves(saved["options"]))
    for name in sorted(ours.keys() | theirs.keys()):
        if ours.get(name) != theirs.get(name):
            changed.append(f"{name} is {ours.get(name)}, was {theirs.get(name)}")
    for part in ("model", "losses", *ROLES):
        if planned[part] != saved[part] and not changed:
            changed.append(f"{part} differs")
    return changed


def check_comparable(trials: Sequence[Trial]) -> None:
    """Refuse to compare trials that are validated on different articles, or predict chunks at
    different distances."""
    first = trials[0]
    for trial in trials:
        if trial.plan.options.horizon != first.plan.options.horizon:
            raise DataError(f"{trial.name} and {first.name} have different horizons")
        val = trial.data["val"], first.data["val"]
        if any(val[0][key] != val[1][key] for key in ("content_hash", "articles_sha256")):
            raise DataError(
                f"{trial.name} and {first.name} are validated on different articles",
                hint="name one source for all with --data to have them compared",
            )


def open_sweep(path: Path) -> RunDirectory:
    """The sweep's directory ``path``, made if it is not there; the caller locks it."""
    with output_errors(path):
        path.mkdir(parents=True, exist_ok=True)
        there = [entry.name for entry in path.iterdir() if not entry.name.startswith(".")]
    if there and SWEEP_FILE not in there:
        raise OutputError(
            "already exists and is not a sweep", where=path, hint="name another place with --out"
        )
    return RunDirectory(path)


def state(path: Path, epochs: int, wait: float = LOCK_WAIT) -> str:
    """How far a run of so many ``epochs`` is: ``waiting``, ``begun`` or ``finished``. A training
    that was stopped and still saves is waited for, ``wait`` seconds."""
    if not path.exists():
        return WAITING
    with RunDirectory(path, wait) as run:
        outcome = ""
        with suppress(RunError):
            outcome = run.read_manifest().get("outcome") or ""
        ended = outcome == "finished" or outcome.startswith("stopped: ")
        records = history(path)
        last = len(records) >= epochs or stopped(records) is not None
        return FINISHED if ended and last and run.best_model.is_file() else BEGUN


def history(path: Path) -> list[dict[str, Any]]:
    """The records of a run's epochs so far; a file that is damaged counts as none."""
    with suppress(RunError):
        return RunDirectory(path).read_records()
    return []


def stopped(records: Sequence[dict[str, Any]]) -> str | None:
    """Why a rule or a plugin ended the run before its last epoch, None where none did."""
    return records[-1].get("stopped") if records else None

"""What a member's directory holds: nothing, another run, one to go on with, or a finished one."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

from lvmctl.core.errors import RunError
from lvmctl.core.files import jsonable
from lvmctl.core.run_directory import RunDirectory
from lvmctl.core.tree import leaves
from lvmctl.data.store.identity import identity
from lvmctl.plan import ROLES, Plan
from lvmctl.training import checkpoint
from lvmctl.training.provenance import FORMAT

WAITING, BEGUN, FINISHED, FAILED = "waiting", "begun", "finished", "failed"
EARLY = ("config.json", "manifest.json", "training_history.json", "checkpoints")
"""What a run directory has before anything is trained."""

PATIENCE = 10.0
"""Seconds a training that was told to end is waited for."""


def refuse_another(path: Path, plan: Plan, data: dict[str, Any], device: str) -> None:
    """Refuse a directory that holds a run of another configuration.

    Args:
        path: the member's directory; nothing need be there.
        plan, data, device: what is asked for; ``data`` identifies it by split.

    Raises:
        RunError: it does, or its files are damaged.
    """
    if not path.exists() or stillborn(path):
        return
    run = RunDirectory.open(path)
    saved = run.read(run.config)
    try:
        if saved["format"] != FORMAT:
            raise RunError("was written by another version of lvmctl", where=run.config)
        changed = differences(jsonable(plan.record()), saved)
        if identity(saved["splits"]) != jsonable(data):
            changed.append("the data (content or splits)")
        if device not in ("auto", was := saved["backend"]["device"]):
            changed.append(f"device is {device}, was {was}")
    except (KeyError, TypeError, AttributeError) as error:
        raise RunError(
            f"is not the configuration of a run ({type(error).__name__}: {error})",
            where=run.config,
            mend="restore it, or remove the directory to train the member anew",
        ) from error
    if changed:
        raise RunError(
            f"was trained with another configuration: {', '.join(changed)}",
            where=path,
            mend="name another grid with --out, or remove this directory to train it anew",
        )


def differences(asked: dict[str, Any], saved: dict[str, Any]) -> list[str]:
    """What differs between two plans' records, for a reader."""
    changed = []
    if asked["recipe"] != saved["recipe"]:
        changed.append(f"recipe is {asked['recipe']}, was {saved['recipe']}")
    ours, theirs = dict(leaves(asked["options"])), dict(leaves(saved["options"]))
    for name in sorted(ours.keys() | theirs.keys()):
        if ours.get(name) != theirs.get(name):
            changed.append(f"{name} is {ours.get(name)}, was {theirs.get(name)}")
    for part in ("model", "losses", *ROLES):
        if asked[part] != saved[part] and not changed:
            changed.append(f"{part} differs")
    return changed


def stillborn(path: Path) -> bool:
    """Whether a training ended here before anything was trained, so that nothing is lost."""
    run = RunDirectory(path)
    for entry in path.iterdir():
        torn = entry.name.startswith(tuple(f".{name}." for name in EARLY))
        if entry.name not in (".lock", ".lock.holder", *EARLY) and not torn:
            return False
    if (run.checkpoints / "latest").exists() or any(step > 0 for step in checkpoint.steps_of(run)):
        return False
    return not history(run)


def state(path: Path, epochs: int, patience: float = PATIENCE) -> str:
    """How far a member of so many ``epochs`` is: ``waiting``, ``begun`` or ``finished``.

    Remains of a training that ended before it trained anything are removed.

    Raises:
        RunError: another process trains it for longer than ``patience`` seconds, or its files are
            damaged.
    """
    if not path.exists():
        return WAITING
    run = RunDirectory(path)
    with waited(run, patience):
        if stillborn(path):
            shutil.rmtree(path)
            return WAITING
        ended = outcome(run) == "finished" or outcome(run).startswith("stopped: ")
        last = len(history(run)) >= epochs or stopped(run) is not None
        return FINISHED if ended and last and run.best_model.is_file() else BEGUN


def history(run: RunDirectory) -> list[dict[str, Any]]:
    """The records of the epochs so far; a file that is damaged counts as none."""
    try:
        found = run.read(run.history)
    except RunError:
        return []
    return found if isinstance(found, list) else []


def outcome(run: RunDirectory) -> str:
    """How the last training of a run ended, nothing where that is not known."""
    try:
        found = run.read(run.manifest)
    except RunError:
        return ""
    return str(found.get("outcome") or "") if isinstance(found, dict) else ""


def stopped(run: RunDirectory) -> str | None:
    """Why a rule or a plugin ended the run before its last epoch, None where none did."""
    records = history(run)
    return records[-1].get("stopped") if records else None


def waited(run: RunDirectory, patience: float) -> RunDirectory:
    """``run``, once nobody writes it: a training that was told to end saves for some seconds."""
    end = time.monotonic() + patience
    while True:
        try:
            with run:
                return run
        except RunError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)

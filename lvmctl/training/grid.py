"""A grid: several trainings, each in a sub-directory of one grid directory.

``grid.json`` says what was asked for; ``comparison.json`` and ``comparison.txt`` compare what is
finished. Every member is an ordinary run directory.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lvmctl.data.identity import identity, split_records
from lvmctl.data.splits import Splits, open_splits
from lvmctl.errors import DataError, LvmctlError, OutputError, RunError
from lvmctl.files import jsonable
from lvmctl.plan import ROLES, Plan, make_plan
from lvmctl.registry import Registry
from lvmctl.runs import RunDirectory
from lvmctl.training import checkpoint
from lvmctl.training.backend import choose_device
from lvmctl.training.job import Request, windows_of
from lvmctl.training.provenance import FORMAT

NEW, BEGUN, FINISHED = "new", "begun", "finished"
PATIENCE = 10.0
"""Seconds a training that was told to end is waited for."""


class GridError(LvmctlError):
    """What is wrong with members, told at once; the exit code is the first one's."""

    def __init__(self, code: int, what: str, **details: str | None) -> None:
        super().__init__(what, **details)
        self.exit_code = code


@dataclass(frozen=True)
class Member:
    """One training of a grid.

    Attributes:
        name: its own, and its directory's.
        group: the experiment or recipe that seeds are averaged over.
        seed: the seed that was typed, None for the group's own.
        request: what is trained; ``out`` is its directory.
    """

    name: str
    group: str
    seed: int | None
    request: Request

    @property
    def path(self) -> Path:
        return self.request.out


@dataclass(frozen=True)
class Checked:
    """A member that can be trained.

    Attributes:
        member: the member.
        plan: what will be trained.
        data: what identifies its data.
    """

    member: Member
    plan: Plan
    data: dict[str, Any]

    @property
    def validated_on(self) -> tuple[Any, Any]:
        """What must be equal for two members to be compared."""
        val = self.data["val"]
        return val["content_hash"], val["articles_sha256"]


def check(registry: Registry, members: Sequence[Member]) -> list[Checked]:
    """Plan every member, open its data and compare it with what its directory holds.

    Nothing is written.

    Raises:
        GridError: for all that is wrong with any member, at once.
    """
    opened: dict[str, Splits | LvmctlError] = {}
    found: list[Checked] = []
    faults: dict[str, list[str]] = {}
    code = 0
    for member in members:
        try:
            found.append(checked(registry, member, opened))
        except LvmctlError as error:
            faults.setdefault(str(error), []).append(member.name)
            code = code or error.exit_code
    if faults:
        raise GridError(code, "; ".join(f"{', '.join(who)}: {why}" for why, who in faults.items()))
    return found


def checked(registry: Registry, member: Member, opened: dict[str, Any]) -> Checked:
    """One member; ``opened`` keeps the data that members share."""
    request = member.request
    plan = make_plan(registry, request.recipe, request.layers, request.losses)
    for part in plan.parts:
        registry.resolve(part.entry)
    choose_device(request.device)
    key = json.dumps(request.sources, sort_keys=True)
    if key not in opened:
        try:
            opened[key] = open_splits(**request.sources)
        except LvmctlError as error:
            opened[key] = error
    if isinstance(opened[key], LvmctlError):
        raise opened[key]
    windows_of(plan, opened[key])
    one = Checked(member, plan, identity(split_records(opened[key])))
    refuse_another(one)
    return one


def refuse_another(one: Checked) -> None:
    """Refuse a directory that holds something else than the member that is asked for."""
    path = one.member.path
    if not path.exists() or stillborn(path):
        return
    run = RunDirectory.open(path)
    saved = run.read(run.config)
    try:
        if saved["format"] != FORMAT:
            raise RunError("was written by another version of lvmctl", where=run.config)
        changed = differences(plain(one.plan.record()), saved)
        if identity(saved["splits"]) != plain(one.data):
            changed.append("the data (content or splits)")
        if one.member.request.device not in ("auto", device := saved["backend"]["device"]):
            changed.append(f"device is {one.member.request.device}, was {device}")
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
    ours, theirs = asked["options"], saved["options"]
    for name in sorted(ours.keys() | theirs.keys()):
        if ours.get(name) != theirs.get(name):
            changed.append(f"{name} is {ours.get(name)}, was {theirs.get(name)}")
    for part in ("model", "losses", *ROLES):
        if asked[part] != saved[part] and not changed:
            changed.append(f"{part} differs")
    return changed


def plain(record: dict[str, Any]) -> dict[str, Any]:
    """A record as it comes back from JSON."""
    return json.loads(json.dumps(jsonable(record)))


def stillborn(path: Path) -> bool:
    """Whether a training ended here before anything was trained, so that nothing is lost."""
    run = RunDirectory(path)
    there = {entry.name for entry in path.iterdir() if not entry.name.startswith(".")}
    if not there <= {"config.json", "manifest.json", "training_history.json", "checkpoints"}:
        return False
    if (run.checkpoints / "latest").exists() or any(step > 0 for step in checkpoint.steps_of(run)):
        return False
    return not run.history.exists() or not run.read(run.history)


def state(one: Checked, patience: float = PATIENCE) -> tuple[str, int]:
    """How far a member is: new, begun or finished; and its epochs.

    Remains of a training that ended before it trained anything are removed.

    Raises:
        RunError: another process trains it for longer than ``patience`` seconds, or its files are
            damaged.
    """
    path = one.member.path
    if not path.exists():
        return NEW, 0
    run = RunDirectory(path)
    with waited(run, patience):
        if stillborn(path):
            shutil.rmtree(path)
            return NEW, 0
        records = run.read(run.history) if run.history.exists() else []
        outcome = run.read(run.manifest).get("outcome") or "" if run.manifest.exists() else ""
        ended = outcome == "finished" or outcome.startswith("stopped: ")
        last = bool(records) and (
            len(records) >= one.plan.options.epochs or "stopped" in records[-1]
        )
        done = ended and last and run.best_model.is_file()
        return FINISHED if done else BEGUN, len(records)


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


def open_grid(path: Path) -> RunDirectory:
    """The grid directory ``path``, made if it is not there; the caller locks it.

    Raises:
        OutputError: something else is there, or it cannot be written.
    """
    from lvmctl.files import output_errors

    with output_errors(path):
        path.mkdir(parents=True, exist_ok=True)
        there = [entry.name for entry in path.iterdir() if not entry.name.startswith(".")]
    if there and "grid.json" not in there:
        raise OutputError(
            "exists already and is no grid", where=path, mend="name another place with --out"
        )
    return RunDirectory(path)


def compared(found: Sequence[Checked]) -> None:
    """Refuse to compare members that are validated on different articles.

    Raises:
        DataError: they are.
    """
    for one in found:
        if one.validated_on != found[0].validated_on:
            raise DataError(
                f"{one.member.name} and {found[0].member.name} are validated on different articles",
                mend="name one source for all with --data to have them compared",
            )

"""A grid: several trainings, each in a sub-directory of one grid directory.

``grid.json`` says what was asked for; ``comparison.json`` and ``comparison.txt`` compare what is
finished. Every member is an ordinary run directory.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lvmctl.core.errors import DataError, LvmctlError, OutputError
from lvmctl.core.files import output_errors
from lvmctl.core.run_directory import RunDirectory
from lvmctl.data.splits.open import Splits, open_splits
from lvmctl.data.store.identity import identity, split_records
from lvmctl.plan import Plan, make_plan
from lvmctl.registry import Registry
from lvmctl.training.backend import choose_device
from lvmctl.training.job import TrainRequest, windows_of
from lvmctl.training.sweep.trials import refuse_another

FILE = "grid.json"


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
    request: TrainRequest

    @property
    def path(self) -> Path:
        return self.request.out


@dataclass(frozen=True)
class Checked:
    """A member that can be trained.

    Attributes:
        member: the member.
        plan: what will be trained.
        data: what identifies its data, by split.
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
    data = identity(split_records(opened[key]))
    refuse_another(member.path, plan, data, request.device)
    return Checked(member, plan, data)


def open_grid(path: Path) -> RunDirectory:
    """The grid directory ``path``, made if it is not there; the caller locks it.

    Raises:
        OutputError: something else is there, or it cannot be written.
    """
    with output_errors(path):
        path.mkdir(parents=True, exist_ok=True)
        there = [entry.name for entry in path.iterdir() if not entry.name.startswith(".")]
    if there and FILE not in there:
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

"""Removing runs from disk, whole."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lvmctl.api.run_card import size_of
from lvmctl.api.runs import FOREIGN, summary
from lvmctl.core.errors import OutputError, RunError
from lvmctl.core.files import output_errors
from lvmctl.core.inputs import real
from lvmctl.core.run_directory import RunDirectory
from lvmctl.core.runs import directories, find_run, is_sweep, short_name
from lvmctl.core.temporary import sweep, temporary_name


@dataclass(frozen=True)
class Removal:
    """A run, or a sweep with all its trials, that may be removed: by its name in full, with the
    bytes of its files."""

    path: Path
    name: str
    bytes: int

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        return {"name": self.name, "run": str(self.path), "bytes": self.bytes}


def removals(names: Sequence[str]) -> list[Removal]:
    """The runs and sweeps that names mean; nothing is removed yet. A trial whose sweep is named too
    is removed with it. A RunError where one is none, or is being written."""
    chosen: dict[Path, Path] = {}
    for name in names:
        path = find_run(name, sweeps=True)
        refuse(path)
        chosen.setdefault(real(path), path)
    return [
        Removal(path, short_name(path), size_of(path))
        for place, path in chosen.items()
        if not any(above in chosen for above in place.parents)
    ]


def refuse(path: Path) -> None:
    """Refuse to remove what is no run, or is in use."""
    if path.is_symlink():
        raise RunError("is a link to a run", where=path, hint="name the run itself")
    trials = directories(path) if is_sweep(path) else []
    for place in [*trials, path]:
        run = summary(place)
        if run.state == FOREIGN:
            raise RunError(f"not a run directory: {run.why}", where=place, hint="remove it by hand")
        if process := RunDirectory(place).writer():
            raise RunError(
                f"is being written (process {process})",
                where=place,
                hint="end that training first, or wait for it",
            )


def remove(removal: Removal) -> None:
    """Remove a run from disk: at one instant it is no run any more, then its files go. Where some
    cannot be removed, what is left lies in a hidden directory, which the OutputError names."""
    path = real(removal.path)
    sweep(path.parent)
    hidden = temporary_name(path.parent)
    with RunDirectory(path), output_errors(path):
        path.rename(hidden)
    try:
        shutil.rmtree(hidden)
    except OSError as error:
        raise OutputError(
            f"cannot be removed wholly ({error.strerror})",
            where=path,
            hint=f"what is left is in {hidden}",
        ) from error

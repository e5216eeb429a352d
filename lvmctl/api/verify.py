"""Every byte of stores and runs against the hashes that were recorded when they were written."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lvmctl.core.errors import DataError, LvmctlError, RunError
from lvmctl.core.hashes import fault_of, read_record
from lvmctl.core.run_directory import RunDirectory
from lvmctl.core.runs import find_run
from lvmctl.data.store.checks import scan
from lvmctl.data.store.store import LEVELS, Store, holds_vectors

OK, CHANGED, UNRECORDED = "OK", "CHANGED", "UNRECORDED"


@dataclass(frozen=True)
class Verification:
    """What became of the files of a store or a run.

    Attributes:
        path: its directory.
        kind: ``store`` or ``run``.
        verdict: ``OK``, ``CHANGED``, or ``UNRECORDED`` where it has no ``hashes.json``.
        files: how many files are recorded.
        faults: what is wrong, one line each.
    """

    path: Path
    kind: str
    verdict: str
    files: int
    faults: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        """0, or that of a damaged store or run."""
        bad = DataError if self.kind == "store" else RunError
        return bad.exit_code if self.verdict == CHANGED else 0

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        return vars(self) | {"path": str(self.path)}


def verify(path: str | os.PathLike[str]) -> Verification:
    """Read every byte of a store with its levels, or of a run (as :class:`lvmctl.Run` takes it)
    with its checkpoints. A RunError where there is neither, or several runs begin with ``path``."""
    store = Path(path)
    stored = holds_vectors(store)
    place = store if stored else find_run(path, kind="store or run")
    try:
        files = read_record(place, DataError if stored else RunError)
        faults = list(store_faults(place) if stored else run_faults(RunDirectory(place)))
    except LvmctlError as error:
        files, faults = {}, [str(error)]
    verdict = CHANGED if faults else OK if files else UNRECORDED
    kind = "store" if stored else "run"
    return Verification(place, kind, verdict, len(files), tuple(faults))


def store_faults(path: Path) -> Iterator[str]:
    """What is wrong with a store and its levels."""
    named = list(file_faults(path, DataError))
    yield from named
    try:
        store = Store.open(path)
        checked = scan(store.vectors, store.offsets, path)
        if checked.content_hash != store.content_hash:
            yield f"{path}: the content of its vectors is not what the content hash says"
        elif checked.fault:
            yield str(checked.fault)
    except DataError as error:
        if not named:  # else it says less of the same
            yield str(error)
    for level in filter(holds_vectors, sorted(path.glob(f"{LEVELS}/*"))):
        yield from store_faults(level)


def run_faults(run: RunDirectory) -> Iterator[str]:
    """What is wrong with a run and its checkpoints."""
    from lvmctl.training.checkpoint import damage  # imports torch

    RunDirectory.open(run.path)
    yield from file_faults(run.path, RunError)
    for file in sorted(run.checkpoints.glob("step_*.pt")):
        if fault := damage(file):
            yield f"{file}: {fault}"


def file_faults(path: Path, kind: type[LvmctlError]) -> Iterator[str]:
    """What is wrong with the files of a directory, by :data:`~lvmctl.core.hashes.RECORD`."""
    for name, entry in sorted(read_record(path, kind).items()):
        if fault := fault_of(path / name, entry, whole=True):
            yield f"{path / name}: {fault}"

"""The run directory: where one training keeps its configuration, history, weights and verdicts.

=========================  ========================================================================
``config.json``            recipe, resolved options with their origins, composition, data
``training_history.json``  one record per epoch; replaced whole, so always valid JSON
``transform.npz``          what chunks go through first, where the run has a transform
``best_model.pt``          tensors only, the best epoch by the recipe's named metric
``checkpoints/``           everything a resume needs; ``latest`` names the newest
``5cat_results.json``      what ``lvmctl eval 5cat`` found on the run's own data
``5cat_partial.json``      what it found on other data, or on part of it
``report.html``            the page of ``lvmctl eval report``
``hashes.json``            size and SHA-256 of the files that are read back
``manifest.json``          command line, versions, hardware, back-end, data hashes, outcome
=========================  ========================================================================
"""

from __future__ import annotations

import math
import os
import re
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from filelock import FileLock, Timeout

from lvmctl.core.directories import new_directory
from lvmctl.core.errors import OutputError, RunError
from lvmctl.core.files import json_bytes, output_errors
from lvmctl.core.hashes import read_record, read_recorded, sha256_of, write_recorded
from lvmctl.core.inputs import read_text
from lvmctl.core.json_input import parse_json, require
from lvmctl.core.paths import typed
from lvmctl.core.run_files import FILES

ROOT = Path("runs")
"""Where runs go when ``--out`` is not given."""

UNSAFE = re.compile(r"[^\w.+-]+")
"""What has no place in a file's name, such as the signs of a schedule."""


class RunDirectory:
    """One run on disk. Hold it as a context manager while writing: it locks the directory, and
    waits ``wait`` seconds for another process that holds the lock."""

    def __init__(self, path: Path, wait: float = 0.0) -> None:
        self.path = Path(path)
        self._lock = FileLock(self.path / ".lock", timeout=wait, thread_local=False)

    config = property(lambda self: self.path / "config.json")
    history = property(lambda self: self.path / "training_history.json")
    manifest = property(lambda self: self.path / "manifest.json")
    transform = property(lambda self: self.path / "transform.npz")
    best_model = property(lambda self: self.path / "best_model.pt")
    exported_weights = property(lambda self: self.path / "model.safetensors")
    checkpoints = property(lambda self: self.path / "checkpoints")
    fivecat = property(lambda self: self.path / "5cat_results.json")
    fivecat_partial = property(lambda self: self.path / "5cat_partial.json")
    holder = property(lambda self: self.path / ".lock.holder")

    @classmethod
    def create(cls, path: Path, fill: Callable[[RunDirectory], object] | None = None) -> Self:
        """Make a new run directory where nothing is; it appears when ``fill`` has written into it
        what it begins with, its configuration above all."""
        path = Path(path)
        with new_directory(path, _refuse) as fresh:
            (fresh / "checkpoints").mkdir()
            if fill is not None:
                fill(RunDirectory(fresh))
        return cls(path)

    @classmethod
    def open(cls, path: Path) -> RunDirectory:
        """An existing run.

        Raises:
            RunError: there is no run at ``path``.
        """
        run = cls(Path(path))
        if not run.path.is_dir():
            raise RunError("no such run directory", where=path, hint=f"runs live in {ROOT}/")
        if not run.config.is_file():
            raise RunError("not a run directory: it has no config.json", where=path)
        return run

    def read(self, path: Path) -> Any:
        """The JSON at ``path``, one of the run's files; a RunError where it is missing, is not
        JSON, is not what was recorded of it, or has fields of other types than a run's."""
        try:
            content = read_recorded(path, RunError)
        except FileNotFoundError:
            raise RunError("the file is missing", where=path) from None
        except OSError as error:
            raise RunError(f"cannot be read ({error})", where=path) from error
        hint = "restore it, or train again"
        if path in (self.fivecat, self.fivecat_partial):
            hint = f"make it again with lvmctl eval 5cat {typed(self.path)}"
        value = parse_json(content, path, RunError, hint)
        require(value, FILES.get(path.name, object), path, RunError, hint)
        return value

    def write(self, path: Path, value: Any) -> None:
        """Write ``value`` as JSON at ``path``, one of the run's files, and record its hash."""
        write_recorded(path, json_bytes(value), RunError)

    @property
    def weights(self) -> Path:
        """The file of the best epoch's weights: of an exported folder, ``model.safetensors``."""
        exported = not self.best_model.is_file() and self.exported_weights.is_file()
        return self.exported_weights if exported else self.best_model

    def weights_sha256(self) -> str | None:
        """The hash of the file of weights as it was recorded, else as it is; None without one."""
        if not self.weights.is_file():
            return None
        entry = read_record(self.path, RunError).get(self.weights.name)
        return sha256_of(self.weights) if entry is None else entry["sha256"]

    def read_records(self) -> list[dict[str, Any]]:
        """The records of the epochs that have ended; none before the first has."""
        return self.read(self.history) if self.history.exists() else []

    def update_manifest(self, **values: Any) -> None:
        """Merge ``values`` into ``manifest.json``."""
        self.write(self.manifest, self.read_manifest() | values)

    def read_manifest(self) -> dict[str, Any]:
        """What ``manifest.json`` says, nothing where it is missing."""
        if not os.path.lexists(self.manifest):
            return {}
        hint = "restore it, or move it away to go on without the record of how the run began"
        try:
            return self.read(self.manifest)
        except RunError as error:
            raise RunError(error.what, where=self.manifest, hint=hint) from error

    def __enter__(self) -> RunDirectory:
        with output_errors(self.path):
            os.stat(self.path)  # a directory that is gone is not made again for its lock
            try:
                self._lock.acquire()
            except Timeout:
                raise RunError(
                    f"another training writes this run (process {self._held_by()})",
                    where=self.path,
                    hint="wait for it, or choose another --out",
                ) from None
        with suppress(OSError):
            self.holder.write_text(str(os.getpid()), encoding="utf-8")
        return self

    def writer(self) -> str | None:
        """The process that is writing this run now, None where none is.

        A process that was killed leaves its name behind and not its lock.
        """
        if not self.holder.exists():
            return None
        try:
            with FileLock(self._lock.lock_file, timeout=0):
                return None
        except Timeout:
            return self._held_by()
        except OSError:  # a place that cannot be written, so that nobody writes there
            return None

    def _held_by(self) -> str:
        """The process that holds the lock, as it wrote itself down."""
        try:
            return read_text(self.holder).strip()[:32] or "unknown"
        except (OSError, ValueError):
            return "unknown"

    def __exit__(self, *_: object) -> None:
        # The lock file stays: removing it would let two trainings lock two files of one name.
        with suppress(OSError):
            self.holder.unlink(missing_ok=True)
        self._lock.release()


def best_record(history: list[dict[str, Any]], best_by: str) -> dict[str, Any] | None:
    """The record of the epoch whose weights ``best_model.pt`` has, with ``by``, the metric, and
    ``value``, higher is better: the first of the best; None where none was measured.

    ``best_by`` is the validation metric that chooses; ``cos_next`` does where it was not measured.
    """
    records: list[dict[str, Any]] = []
    for record in history:
        val = record.get("val")
        if val is None:
            continue
        by = best_by if best_by in val else "cos_next"
        value = val.get(by)
        # What is not finite is null in the file; such weights were not kept.
        measured = (value, val.get("loss", 0.0), val.get("cos_next"))
        if all(each is not None and math.isfinite(each) for each in measured):
            records.append({"value": -value if by == "loss" else value, "by": by, **record})
    return max(records, key=lambda record: record["value"], default=None)


def new_run(
    recipe: str,
    key_options: dict[str, Any],
    root: Path = ROOT,
    fill: Callable[[RunDirectory], object] | None = None,
) -> RunDirectory:
    """A new ``root/<recipe>_<key options>_<timestamp>``, such as ``plain_c5_20251104_222516``;
    ``_2``, ``_3``, … follow when that name is taken. See :meth:`RunDirectory.create`."""
    parts = [recipe]
    for key, value in key_options.items():
        parts.append(f"{key}{value:g}" if isinstance(value, float) else f"{key}{value}")
    parts = [UNSAFE.sub("-", part) for part in parts]
    name = "_".join([*parts, time.strftime("%Y%m%d_%H%M%S")])
    attempt, path = 1, root / name
    while True:
        try:
            return RunDirectory.create(path, fill)
        except OutputError:
            if not os.path.lexists(path):
                raise
        attempt, path = attempt + 1, root / f"{name}_{attempt + 1}"


def _refuse(path: Path) -> None:
    if os.path.lexists(path):
        hint = "choose another --out, or --resume it"
        raise OutputError("already exists", where=path, hint=hint)

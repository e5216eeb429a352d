"""The runs on disk: which there are, and which one a name means. Torch-free."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias

from lvmctl.core.errors import RunError, UsageError
from lvmctl.core.inputs import real
from lvmctl.core.json_input import read_json
from lvmctl.core.run_directory import ROOT, RunDirectory

RunLike: TypeAlias = str | os.PathLike[str] | None
"""A run, its path, its name in ``runs/`` or the beginning of either; None is the latest."""

SWEEP_FILE = "grid.json"
"""What a sweep's directory has; the run directories in it are its trials."""

WEIGHTS = (".pt", ".pth")
"""Endings of files of weights, which are models of others."""

PUBLISHED = "published"
"""Key of a configuration of a published model, whose data is not known."""

MAX_LISTED = 8
"""Candidates that an error names."""


def refuse_repeats(paths: Sequence[Path]) -> None:
    """Refuse a run that is named twice, whatever its names."""
    places = [real(path) for path in paths]
    for place in places:
        if places.count(place) > 1:
            raise UsageError("the run is named twice", where=place, hint="name each run once")


def is_run(path: Path) -> bool:
    """Whether a directory may be a run: it has a configuration."""
    return RunDirectory(path).config.is_file()


def is_published(path: Path) -> bool:
    """Whether a path is a file of weights, or a folder of the published project: a
    ``best_model.pt`` beside a ``config.json`` of its own, or beside nothing of a run's."""
    if path.is_file():
        return path.suffix in WEIGHTS
    run = RunDirectory(path)
    config = read_options(run.config)
    ours = "recipe" in config or run.manifest.exists() or run.checkpoints.exists()
    theirs = "model_type" in config or not run.config.exists()
    return run.best_model.is_file() and theirs and not ours


def is_exported(path: Path) -> bool:
    """Whether a path is a folder that ``lvmctl runs export`` wrote: a configuration with weights as
    safetensors, and no run's."""
    run = RunDirectory(path)
    return is_run(path) and run.exported_weights.is_file() and not run.best_model.exists()


def read_options(path: Path) -> dict[str, Any]:
    """The JSON object at ``path``; empty where there is none."""
    try:
        value = read_json(path)
    except RunError:
        return {}
    return value if isinstance(value, dict) else {}


def trained_on(config: Mapping[str, Any]) -> str | None:
    """The text that opens the data of a run, or the first of several; None is the demonstration
    data."""
    data = config["data"]
    return data.get("data") or next(iter(data.get("train") or ()), None)


def is_sweep(path: Path) -> bool:
    """Whether a directory is a sweep, whose trials are runs."""
    return (path / SWEEP_FILE).is_file()


def directories(root: Path = ROOT) -> list[Path]:
    """The directories in ``root`` that are not hidden, the trials of a sweep in its place; a
    RunError where it cannot be read."""
    paths: list[Path] = []
    for path in _inside(root):
        trials = _inside(path) if is_sweep(path) else []
        paths += trials or [path]
    return paths


def _inside(root: Path) -> list[Path]:
    """The directories in ``root`` that are not hidden, by name; none where there is no root."""
    try:
        return sorted(p for p in root.iterdir() if p.is_dir() and not p.name.startswith("."))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise RunError(f"cannot be read ({error.strerror})", where=root) from error


def date_of(path: Path) -> float:
    """When a run was trained last: the modification time of its newest file that training writes,
    in seconds since the epoch. Its last epochs may have left its best model as it was."""
    run = RunDirectory(path)
    for files in ((run.best_model, run.history), (run.config,), (path,)):
        dates = []
        for file in files:
            with suppress(OSError):
                dates.append(file.stat().st_mtime)
        if dates:
            return max(dates)
    return 0.0


def finished_runs(root: Path = ROOT) -> list[Path]:
    """The runs in ``root`` that have a best model, the one trained last first."""
    runs = [path for path in directories(root) if RunDirectory(path).best_model.is_file()]
    return sorted(runs, key=date_of, reverse=True)


def find_run(
    name: RunLike = None, root: Path = ROOT, sweeps: bool = False, kind: str = "run"
) -> Path:
    """Where a run is: a directory, or a file of weights (:data:`WEIGHTS`).

    ``name`` is a path, a name in ``root``, or the beginning of either that no other run has; None
    is the run trained last. With ``sweeps``, a sweep's directory will do, too. What has this very
    name and is no run is returned too: who opens it says what it lacks. A RunError where there is
    none (of this ``kind``), or several begin with it.
    """
    if name is None:
        return newest_run(root)
    name = os.fspath(name)
    if not name:
        raise RunError("the name of a run is empty", hint="`lvmctl runs list` shows the runs")
    if Path(name).suffix in WEIGHTS and Path(name).is_file():
        return Path(name)
    exact = [path for path in (Path(name), root / name) if path.is_dir()]
    for path in exact:
        if is_run(path) or (sweeps and is_sweep(path)):
            return path
    runs = _beginning_with(name, root, sweeps)
    if len(runs) == 1:
        return runs[0]
    if runs:
        shown = listed([short_name(path, root) for path in runs])
        raise RunError(f"{len(runs)} runs begin with this", where=name, hint=f"write more: {shown}")
    if exact:
        return exact[0]
    raise _unknown(name, root, sweeps, kind)


def newest_run(root: Path = ROOT) -> Path:
    """The run trained last that has a best model."""
    runs = finished_runs(root)
    if not runs:
        raise RunError(
            "there is no finished run",
            where=root,
            hint="train one (lvmctl train --plugin plain), or name a run",
        )
    return runs[0]


def short_name(path: Path, root: Path = ROOT) -> str:
    """What to type for the run at ``path``: its name in ``root``, else its path."""
    try:
        return path.relative_to(root).as_posix()
    except ValueError:
        return str(path)


def listed(names: Sequence[str]) -> str:
    """Names for an error, the first :data:`MAX_LISTED` of them."""
    more = len(names) - MAX_LISTED
    return ", ".join(names[:MAX_LISTED]) + (f" and {more} more" if more > 0 else "")


def _known(root: Path, sweeps: bool) -> Iterator[Path]:
    """The runs in ``root``, and its sweeps where those will do; trials too."""
    if sweeps:
        yield from (path for path in _inside(root) if is_sweep(path))
    yield from (path for path in directories(root) if is_run(path))


def _beginning_with(name: str, root: Path, sweeps: bool) -> list[Path]:
    """The runs whose path, or name in ``root``, begins with ``name``."""
    path = Path(name)
    places = {root: path.as_posix()}
    if path.name != name:
        places[path.parent] = path.name
    runs: dict[Path, Path] = {}
    for place, begin in places.items():
        with suppress(RunError):
            for run in _known(place, sweeps):
                if run.relative_to(place).as_posix().startswith(begin):
                    runs.setdefault(real(run), run)
    # A sweep stands for its trials.
    return [run for place, run in runs.items() if not any(p in runs for p in place.parents)]


def _unknown(name: str, root: Path, sweeps: bool, kind: str) -> RunError:
    """The error for a name that no run has: the nearest names, or where they would be."""
    typed = short_name(Path(name), root)
    begun: dict[str, str] = {}
    for path in _known(root, sweeps):
        whole = short_name(path, root)
        begun.setdefault(whole[: len(typed)], whole)  # names end with a time that nobody types
    close = [begun[each] for each in difflib.get_close_matches(typed, begun, n=3, cutoff=0.6)]
    hint = f"runs live in {root}/; `lvmctl runs list` shows them"
    if close:
        hint = f"the nearest are {', '.join(close)}" if close[1:] else f"did you mean {close[0]}?"
    return RunError(f"no such {kind}", where=name, hint=hint)

"""What is known of the runs on disk, from their files alone; no torch, and no run is changed."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lvmctl.core.batch import bare_name
from lvmctl.core.errors import DivergedError, RunError, content_fault
from lvmctl.core.run_directory import ROOT, RunDirectory, best_record
from lvmctl.core.runs import date_of, directories, is_published, is_run, is_sweep, short_name
from lvmctl.core.tree import get_interval, get_mapping, get_number

RUNNING, FINISHED, STOPPED, INTERRUPTED = "running", "finished", "stopped", "interrupted"
DIVERGED, FAILED, NEVER_STARTED = "diverged", "failed", "never started"
BROKEN, FOREIGN = "broken", "not a run"

SIGNALS = (130, 143)
"""Exit codes of a training that was stopped by a signal and saved everything."""

METRICS = {
    "r@5": "in_article.filtered.r@5",
    "mrr@10": "in_article.filtered.mrr@10",
    "cos_next": "cos_next",
    "margin.last": "margin.last",
}
"""Metrics shown of a run, by their paths in the history: their paths in a 5CAT result."""

METRIC_NAMES = {
    "r@5": "R@5 in article",
    "mrr@10": "MRR@10 in article",
    "cos_next": "cos_next",
    "margin.last": "margin[last]",
}
"""The same by their names for a reader."""

FAULTS = (LookupError, TypeError, ValueError, AttributeError)
"""What reading a file of another shape than a run's ends with."""


@dataclass(frozen=True)
class RunSummary:
    """A run, or a directory that takes the place of one.

    Attributes:
        path: its directory.
        name: what to type for it.
        state: ``running`` (locked by a live process), ``finished``, ``stopped`` (by a rule or a
            plugin), ``interrupted`` (can be resumed), ``diverged``, ``failed``,
            ``never started``, ``broken`` or ``not a run``.
        why: what stopped it, or is wrong with it.
        date: when it was trained last, seconds since the epoch.
        epoch, epochs: epochs trained and asked for.
        recipe, data: what was trained on what.
        metrics: see :func:`metrics_of`.
        reads: what its score reads of chunks beside vectors.
    """

    path: Path
    name: str
    state: str
    why: str | None = None
    date: float = 0.0
    epoch: int | None = None
    epochs: int | None = None
    recipe: str | None = None
    data: str | None = None
    metrics: Mapping[str, Any] | None = None
    reads: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        date = time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(self.date))
        known = {"name": self.name, "run": str(self.path)} | vars(self)
        del known["path"]
        return known | {"date": date, "reads": list(self.reads)}


def list_runs(root: Path = ROOT, recipe: str | None = None) -> list[RunSummary]:
    """The runs in ``root``, the one trained last first; trials of sweeps too.

    Directories that are broken, or no runs, are listed as such.

    Args:
        recipe: only runs of this recipe, named with its plugin or without.

    Raises:
        RunError: ``root`` cannot be read.
    """
    runs = [summary(path, root) for path in directories(root)]
    if recipe is not None:
        runs = [run for run in runs if run.recipe and recipe in (run.recipe, bare_name(run.recipe))]
    return sorted(runs, key=lambda run: run.date, reverse=True)


def summary(path: Path, root: Path = ROOT) -> RunSummary:
    """What is known of the directory at ``path``, whatever it holds."""
    run, name, date = RunDirectory(path), short_name(path, root), date_of(path)
    if is_published(path):
        return RunSummary(path, name, FOREIGN, "a published model", date)
    if not is_run(path):
        state, why = unconfigured(run)
        return RunSummary(path, name, state, why, date)
    try:
        config, history = run.read(run.config), run.read_records()
        if not isinstance(config.get("recipe"), str):
            raise RunError("names no recipe", where=run.config)
        manifest = run.read(run.manifest) if run.manifest.exists() else {}
        epochs = int(config["options"]["epochs"])
        state, why = state_of(run, history, manifest, epochs)
        return RunSummary(
            *(path, name, state, why, date, len(history), epochs),
            recipe=config["recipe"],
            data=data_of(config),
            metrics=metrics_of(run, config, history),
            reads=tuple(map(str, config.get("reads") or ())),
        )
    except (RunError, *FAULTS) as error:
        if not looks_like_run(run):
            return RunSummary(path, name, FOREIGN, "its config.json is not a run's", date)
        return RunSummary(path, name, BROKEN, fault_of(error), date)


def fault_of(error: Exception) -> str:
    """What is wrong with a run's files."""
    if isinstance(error, RunError):
        return f"{Path(error.where or '').name}: {error.what}"
    return content_fault(error)


def unconfigured(run: RunDirectory) -> tuple[str, str | None]:
    """The state of a directory without ``config.json``, and why."""
    if run.writer():
        return RUNNING, None
    if is_sweep(run.path):
        return NEVER_STARTED, "a sweep without trials"
    if not looks_like_run(run):
        return FOREIGN, "it has no config.json"
    if run.history.exists() or run.best_model.exists():
        return BROKEN, "it has no config.json"
    return NEVER_STARTED, None


def looks_like_run(run: RunDirectory) -> bool:
    """Whether a directory has what only a run has."""
    return any(place.exists() for place in (run.checkpoints, run.history, run.best_model))


def state_of(
    run: RunDirectory, history: list[dict[str, Any]], manifest: Mapping[str, Any], epochs: int
) -> tuple[str, str | None]:
    """The state of a run (see :class:`RunSummary`), and why where that is known."""
    code, outcome = manifest.get("exit_code"), str(manifest.get("outcome") or "")
    if run.writer():
        return RUNNING, None
    if code == DivergedError.exit_code:
        return DIVERGED, outcome.removeprefix("ended: ")
    if outcome == "failed" or code not in (None, 0, *SIGNALS):
        return FAILED, outcome.removeprefix("ended: ")
    if history and history[-1].get("stopped"):
        return STOPPED, str(history[-1]["stopped"])
    if history and len(history) >= epochs:
        return FINISHED, None
    begun = history or any(step["step"] for step in checkpoints(run))
    return (INTERRUPTED, None) if begun else (NEVER_STARTED, None)


def data_of(config: Mapping[str, Any]) -> str:
    """What a run was trained on, as it was named; the demonstration data where nothing was."""
    data = config.get("data") or {}
    named = [data["data"]] if data.get("data") else list(data.get("train") or ())
    return " + ".join(named) or "demonstration data"


def metrics_of(
    run: RunDirectory, config: Mapping[str, Any], history: list[dict[str, Any]]
) -> dict[str, Any] | None:
    """The metrics of a run's best epoch, each beside that of ``direct``: ``value``, ``ci``,
    ``direct`` and ``direct_ci`` by name, and ``source``, the file's name; None where nothing was
    measured.

    Those of ``5cat_results.json``, which have intervals, unless it is of other weights; else those
    of the history.
    """
    result = read_mapping(run, run.fivecat)
    result = result if is_fresh(run, result) else {}
    trees = get_mapping(result, "predictors")
    tree, direct = trees.get(str(result.get("name"))), trees.get("direct")
    metrics = {name: beside(tree, direct, path) for name, path in METRICS.items()}
    source = run.fivecat
    if tree is None:
        best = best_record(history, config["options"].get("best_by", "cos_next"))
        val = get_mapping(best, "val")
        metrics, source = (
            {name: beside(val, val.get("direct"), name) for name in METRICS},
            run.history,
        )
    metrics = {name: each for name, each in metrics.items() if each["value"] is not None}
    return {"source": source.name, **metrics} if metrics else None


def beside(metrics: Any, direct: Any, path: str) -> dict[str, Any]:
    """The metric at ``path`` of two trees, with the 95 % intervals that are known."""
    metric = {}
    for name, tree in (("", metrics), ("direct", direct)):
        ends = get_interval(tree, path)
        metric[name or "value"] = get_number(tree, path)
        metric[f"{name}_ci".strip("_")] = None if None in ends else list(ends)
    return metric


def is_fresh(run: RunDirectory, result: Mapping[str, Any]) -> bool:
    """Whether a 5CAT result is of the weights that the run has, as they are recorded."""
    with suppress(RunError, OSError):
        weights = run.weights_sha256()
        return weights in (None, get_mapping(result, "made").get("weights_sha256"))
    return False


def read_mapping(run: RunDirectory, file: Path) -> Mapping[str, Any]:
    """A file of a run that holds a mapping; empty where it is damaged or missing."""
    with suppress(RunError):
        content = run.read(file)
        if isinstance(content, Mapping):
            return content
    return {}


def checkpoints(run: RunDirectory) -> list[dict[str, Any]]:
    """Checkpoints by step: ``name``, ``step`` and ``bytes``."""
    saved = []
    for path in run.checkpoints.glob("step_*.pt"):
        step = path.stem.removeprefix("step_")
        if step.isdigit():
            saved.append({"name": path.name, "step": int(step), "bytes": path.stat().st_size})
    return sorted(saved, key=lambda each: each["step"])

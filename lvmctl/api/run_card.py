"""All that is known of one run, from its files alone; no torch."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from lvmctl.api.runs import (
    FAULTS,
    FOREIGN,
    checkpoints,
    is_fresh,
    read_mapping,
    summary,
)
from lvmctl.core.errors import RunError
from lvmctl.core.run_directory import RunDirectory, best_record
from lvmctl.core.runs import find_run
from lvmctl.core.tree import get


def show_run(name: str | None = None) -> dict[str, Any]:
    """All that ``lvmctl runs show`` prints of one run, as plain data."""
    path = find_run(name)
    short = summary(path)
    if short.state == FOREIGN:
        raise RunError(f"not a run directory: {short.why}", where=path)
    run = RunDirectory(path)
    config, manifest = (read_mapping(run, file) for file in (run.config, run.manifest))
    size = run.best_model.stat().st_size if run.best_model.is_file() else None
    return short.to_dict() | {
        "experiment": config.get("experiment"),
        "package": config.get("package"),
        "model": get(config, "model.name"),
        "losses": {get(loss, "name"): get(loss, "weight") for loss in config.get("losses", ())},
        "options": {
            key: get(config, f"options.{key}")
            for key in ("context", "horizon", "seed", "transform", "best_by")
        },
        "sources": config.get("data"),
        "started": manifest.get("started"),
        "seconds": manifest.get("seconds"),
        "best": best_epoch(run, config),
        "best_model": size,
        "checkpoints": checkpoints(run),
        "evaluations": evaluations(run),
        "report": (report := path / "report.html").is_file(),
        "report_stale": is_older(report, run.fivecat),
        "bytes": size_of(path),
    }


def best_epoch(run: RunDirectory, config: Mapping[str, Any]) -> dict[str, Any] | None:
    """Number of the best epoch, the metric it was chosen ``by`` and its ``value``."""
    with suppress(RunError, *FAULTS):
        best = best_record(run.read_records(), get(config, "options.best_by", "cos_next"))
        return best and {key: best[key] for key in ("epoch", "by", "value")}
    return None


def evaluations(run: RunDirectory) -> list[dict[str, Any]]:
    """The saved 5CAT results: file, profile, verdict, when, and whether of earlier weights."""
    results = []
    for file in (run.fivecat, run.fivecat_partial):
        result = read_mapping(run, file)
        if result:
            results.append(
                {
                    "file": file.name,
                    "profile": get(result, "verdict.profile"),
                    "outcome": get(result, "verdict.outcome"),
                    "date": get(result, "made.date"),
                    "partial": result.get("partial", []),
                    "stale": not is_fresh(run, result),
                }
            )
    return results


def is_older(report: Path, result: Path) -> bool:
    """Whether a report was written before the result that it shows; False where one is missing."""
    with suppress(OSError):
        return report.stat().st_mtime < result.stat().st_mtime
    return False


def size_of(path: Path) -> int:
    """Bytes of all files below ``path``."""
    total = 0
    for file in path.rglob("*"):
        with suppress(OSError):
            total += 0 if file.is_dir() else file.lstat().st_size
    return total

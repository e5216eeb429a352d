"""One run: curves that grow while it trains, verdict, options, log."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, RedirectResponse, Response

import lvmctl
from lvmctl_dashboard.catalogue import one_line, without_directories
from lvmctl_dashboard.charts import training_charts
from lvmctl_dashboard.live import stream
from lvmctl_dashboard.rendering import figure, leaves
from lvmctl_dashboard.runs_page import row_of
from lvmctl_dashboard.site import site_of

router = APIRouter(include_in_schema=False)

RESULT = "5cat_results.json"

SHOWN = {
    "train.loss": "train loss",
    "val.loss": "val loss",
    "val.r@5": "R@5",
    "val.direct.r@5": "direct R@5",
    "val.mrr@10": "MRR@10",
    "val.cos_next": "cos_next",
}
"""Figures of the table of epochs, by their paths in the history."""

METRICS = {"r@5": "R@5", "mrr@10": "MRR@10", "cos_next": "cos_next", "margin.last": "margin"}

REPORT_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"
)


@router.get("/runs/{name:path}")
def run(request: Request, name: str) -> Response:
    """The page of a run."""
    site = site_of(request)
    summary = site.catalogue.run(name)
    fault = summary.why or ""
    history: list[Mapping[str, Any]] = []
    config: Mapping[str, Any] = {}
    manifest: Mapping[str, Any] = {}
    try:
        opened = lvmctl.Run(summary.path)
        config = opened.config
        history = [each for each in opened.history if isinstance(each, Mapping) and "epoch" in each]
        manifest = opened.manifest if (summary.path / "manifest.json").exists() else {}
    except lvmctl.LvmctlError as error:
        fault = one_line(error)
    result = result_of(summary)
    return site.page(
        request,
        "run.html",
        run=row_of(summary),
        fault=without_directories(fault),
        charts=training_charts(history),
        epochs=epochs_of(history),
        metrics=[
            (title, figure(each["value"], each["ci"]), figure(each["direct"], each["direct_ci"]))
            for key, title in METRICS.items()
            if (each := (summary.metrics or {}).get(key))
        ],
        source=(summary.metrics or {}).get("source"),
        verdict=result.get("verdict"),
        gates=(result.get("verdict") or {}).get("gates", ()),
        options=options_of(config),
        origin=origin_of(manifest),
        notices=[without_directories(notice) for notice in manifest.get("notices", ())],
        report=(summary.path / "report.html").is_file(),
    )


@router.get("/events/run/{name:path}")
async def changes(request: Request, name: str) -> Response:
    """Tells of epochs that end, and of evaluations."""
    site = site_of(request)
    path = site.catalogue.run(name).path

    def stamp() -> str:
        try:
            state = site.catalogue.run(name).state
        except lvmctl.LvmctlError:
            state = "unknown"
        files = ("training_history.json", RESULT, "report.html", "manifest.json")
        return "/".join([state, *(str(changed(path / file)) for file in files)])

    return stream(stamp, site.closing)


@router.get("/report/{name:path}")
def report(request: Request, name: str) -> Response:
    """The run's report page, as ``lvmctl eval report`` wrote it."""
    page = site_of(request).catalogue.run(name).path / "report.html"
    if not page.is_file():
        raise HTTPException(404, f"run {name!r} has no report; its page writes one")
    text = page.read_text(encoding="utf-8", errors="replace")
    return HTMLResponse(text, headers={"Content-Security-Policy": REPORT_POLICY})


@router.post("/report/{name:path}")
def write_report(request: Request, name: str) -> Response:
    """Begin to write the report of a run, which is evaluated first where it has to be."""
    site = site_of(request)
    path = str(site.catalogue.run(name).path)
    job = site.jobs.start("report", name, {"run": path})
    return RedirectResponse(f"/jobs/{job.number}", 303)


def changed(path: Path) -> int:
    """When a file was last written; 0 where there is none."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def result_of(summary: lvmctl.RunSummary) -> Mapping[str, Any]:
    """The run's 5CAT result, nothing where there is none of these weights."""
    if (summary.metrics or {}).get("source") != RESULT:
        return {}
    try:
        result = lvmctl.read_json(summary.path / RESULT)
    except lvmctl.LvmctlError:
        return {}
    return result if isinstance(result, Mapping) else {}


def epochs_of(history: list[Mapping[str, Any]]) -> tuple[list[str], list[list[Any]]]:
    """The table of epochs: its header and rows, the newest first."""
    paths = [
        path
        for path in SHOWN
        if any(lvmctl.get_number(record, path) is not None for record in history)
    ]
    rows = [
        [
            figure(record["epoch"], digits=0),
            *(figure(lvmctl.get_number(record, path)) for path in paths),
        ]
        for record in reversed(history)
    ]
    return ["epoch", *(SHOWN[path] for path in paths)], rows


def options_of(config: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Options with their values and origins, those that were set first."""
    origins = config.get("origins") or {}
    rows = [
        (name, without_directories(str(value)), without_directories(str(origins.get(name, ""))))
        for name, value in leaves(config.get("options") or {}).items()
    ]
    return sorted(rows, key=lambda row: row[2] == "default")


def origin_of(manifest: Mapping[str, Any]) -> list[tuple[str, str]]:
    """How the run was made: what was typed, when, by which versions, on what."""
    backend = manifest.get("backend") or {}
    packages = manifest.get("packages") or {}
    typed = [without_directories(str(word)) for word in manifest.get("argv") or ()]
    rows = {
        "typed": " ".join(typed),
        "started": manifest.get("started"),
        "outcome": manifest.get("outcome"),
        "seconds": manifest.get("seconds"),
        "device": " ".join(str(backend[key]) for key in ("device", "hardware") if backend.get(key)),
        "versions": ", ".join(f"{name} {version}" for name, version in packages.items()),
    }
    return [(key, without_directories(str(value))) for key, value in rows.items() if value]

"""Runs on the same windows: choose, start, read."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from lvmctl_dashboard.catalogue import short
from lvmctl_dashboard.charts import difference_chart
from lvmctl_dashboard.rendering import figure, metric
from lvmctl_dashboard.runs_page import row_of
from lvmctl_dashboard.site import form_of, site_of

router = APIRouter(include_in_schema=False)

OWN = ""
"""The choice of data that is each run's own validation split."""

SHOWN = {
    "in_article.filtered.r@1": "R@1",
    "in_article.filtered.r@5": "R@5",
    "in_article.filtered.r@10": "R@10",
    "in_article.filtered.mrr@10": "MRR@10",
    "cos_next": "cos_next",
}
PLOTTED = ("in_article.filtered.r@5", "in_article.filtered.mrr@10")


@router.get("/compare")
def choose(request: Request) -> Response:
    """The form, and what was started before."""
    site = site_of(request)
    runs = [row_of(run) for run in site.catalogue.runs() if (run.path / "best_model.pt").is_file()]
    return site.page(
        request,
        "compare.html",
        runs=runs,
        chosen=request.query_params.getlist("run"),
        stores=list(site.catalogue.stores()),
        jobs=[job for job in site.jobs if job.kind == "compare"][::-1],
    )


@router.post("/compare")
async def start(request: Request) -> Response:
    """Begin an evaluation and go to its page."""
    site, form = site_of(request), await form_of(request)
    names, data, most = form.all("run"), form.text("data"), form.text("windows")
    if not names:
        raise HTTPException(422, "choose at least one run")
    if most and not (most.isdecimal() and int(most) > 0):
        raise HTTPException(422, "the number of windows is a whole number above 0")
    runs = [str(site.catalogue.run(name).path) for name in names]
    source, split = None, form.text("split")
    if data != OWN:
        source = site.catalogue.store(data)
        if source is None:
            raise HTTPException(422, "the demonstration data is compared on as a run's own data")
        if split not in ("", "train", "val", "test", "ood"):
            raise HTTPException(422, f"there is no split {split!r}")
        source = f"{source}@{split}" if split else source
    place = "their own validation data" if data == OWN else f"{data}{'@' if split else ''}{split}"
    asked = {"runs": runs, "data": source, "max_windows": int(most) if most else None}
    job = site.jobs.start("compare", f"{', '.join(names)} on {place}", asked)
    return RedirectResponse(f"/jobs/{job.number}", 303)


def compared(result: dict[str, Any]) -> dict[str, Any]:
    """What ``eval compare`` prints, as tables and charts."""
    runs = {name: short(name) for name in result["runs"]}
    predictors = [*result["runs"], *(name for name in result["predictors"] if name not in runs)]
    differences = {name: run["differences"] for name, run in result["runs"].items()}

    def difference(name: str, path: str) -> Any:
        entry = differences[name].get(path) or {}
        return figure(entry.get("value"), entry.get("ci"), signed=True)

    charts = []
    for path in PLOTTED:
        rows = [(runs[name], (each.get(path) or {}).get("value"), (each.get(path) or {}).get("ci"))
                for name, each in differences.items()]  # fmt: skip
        title = f"{SHOWN[path]} less that of {result['against']}"
        charts.append(difference_chart(f"difference-{SHOWN[path]}", title, rows))
    return {
        "windows": result["windows"],
        "articles": result["articles"],
        "data": result["data"]["val"]["name"],
        "against": result["against"],
        "metrics": [
            (runs.get(name, name), [metric(result["predictors"][name], path) for path in SHOWN])
            for name in predictors
        ],
        "differences": [(runs[name], [difference(name, path) for path in SHOWN]) for name in runs],
        "header": list(SHOWN.values()),
        "latency": [
            latency_row(runs[name], run["latency"]) for name, run in result["runs"].items()
        ],
        "ship": [(runs[name], run["ship"]) for name, run in result["runs"].items() if run["ship"]],
        "charts": charts,
    }


def latency_row(name: str, times: dict[str, Any]) -> tuple[str, list[Any]]:
    """Milliseconds per call of 1 and of 256 windows, and the ratio to a free model's."""
    cells = []
    for batch in ("batch_1", "batch_256"):
        query = (times.get(batch) or {}).get("query") or {}
        cells += [figure(query.get("p50"), digits=2), figure(query.get("p95"), digits=2)]
    return name, [*cells, figure(times.get("ratio"), times.get("ratio_ci"), digits=2)]

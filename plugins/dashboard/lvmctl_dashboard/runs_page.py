"""The runs: state, recipe, data and R@5 beside ``direct``, sorted and filtered."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

import lvmctl
from lvmctl_dashboard.catalogue import short
from lvmctl_dashboard.live import stream
from lvmctl_dashboard.rendering import figure
from lvmctl_dashboard.site import site_of

router = APIRouter(include_in_schema=False)

FILTERS = ("state", "recipe", "data")

COLUMNS = {
    "name": "run",
    "state": "state",
    "recipe": "recipe",
    "data": "data",
    "r5": "R@5",
    "direct": "direct",
    "date": "trained",
}
DESCENDING = ("r5", "direct", "date")
"""Columns whose largest values come first when they are first chosen."""


def row_of(run: lvmctl.RunSummary) -> dict[str, Any]:
    """A run as the table has it."""
    metrics = dict(run.metrics or {})
    best = metrics.get("r@5") or {}
    partial = run.epoch is not None and run.state not in ("finished", "never started")
    return {
        "name": run.name,
        "state": run.state,
        "epochs": f"{run.epoch}/{run.epochs}" if partial else "",
        "why": run.why or "",
        "recipe": run.recipe or "",
        "data": short(run.data) if run.data else "",
        "r5": best.get("value"),
        "direct": best.get("direct"),
        "r5_cell": figure(best.get("value"), best.get("ci")),
        "direct_cell": figure(best.get("direct"), best.get("direct_ci")),
        "date": run.date,
        "trained": metrics != {},
    }


@router.get("/")
def runs(
    request: Request,
    q: str = "",
    state: str = "",
    recipe: str = "",
    data: str = "",
    sort: str = "date",
    order: str = "desc",
) -> Response:
    """The table of runs; ``q`` is looked for in names, recipes and data."""
    site = site_of(request)
    every = [row_of(run) for run in site.catalogue.runs()]
    chosen = {"q": q, "state": state, "recipe": recipe, "data": data}
    rows = [row for row in every if matches(row, chosen)]
    sort = sort if sort in COLUMNS else "date"
    known = [row for row in rows if row[sort] not in (None, "")]
    known.sort(key=lambda row: row[sort], reverse=order == "desc")
    rows = known + [row for row in rows if row[sort] in (None, "")]
    choices = {name: sorted({row[name] for row in every if row[name]}) for name in FILTERS}
    return site.page(
        request,
        "runs.html",
        rows=rows,
        count=len(every),
        chosen=chosen,
        choices=choices,
        columns=COLUMNS,
        descending=DESCENDING,
        sort=sort,
        order=order,
    )


def matches(row: dict[str, Any], chosen: dict[str, str]) -> bool:
    """Whether a row is what was chosen."""
    if any(chosen[name] and row[name] != chosen[name] for name in FILTERS):
        return False
    text = " ".join(row[name] for name in ("name", *FILTERS)).casefold()
    return all(word in text for word in chosen["q"].casefold().split())


@router.get("/events/runs")
async def changes(request: Request) -> Response:
    """Tells of trainings that begin, go on and end."""
    site = site_of(request)

    def stamp() -> int:
        return hash(
            tuple((run.name, run.state, run.epoch, run.date) for run in site.catalogue.runs())
        )

    return stream(stamp, site.closing)

"""Work that was started: progress, cancel, result."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from lvmctl_dashboard.catalogue import Unknown
from lvmctl_dashboard.charts import Chart
from lvmctl_dashboard.compare_page import compared
from lvmctl_dashboard.jobs import Job
from lvmctl_dashboard.live import stream
from lvmctl_dashboard.site import Site, site_of

router = APIRouter(include_in_schema=False)


def job_of(site: Site, number: int) -> Job:
    """The work of this number."""
    job = site.jobs.get(number)
    if job is None:
        raise Unknown(f"there is no evaluation {number}")
    return job


@router.get("/jobs/{number}")
def job(request: Request, number: int) -> Response:
    """The page of an evaluation or a diagnostic."""
    site = site_of(request)
    job = job_of(site, number)
    comparison: dict[str, Any] | None = None
    charts: list[Chart] = []
    if job.kind == "compare" and job.result is not None:
        comparison = compared(job.result)
        charts = comparison["charts"]
    return site.page(request, "job.html", job=job, comparison=comparison, charts=charts)


@router.get("/events/job/{number}")
async def changes(request: Request, number: int) -> Response:
    """Tells of progress and of the end."""
    site = site_of(request)
    job = job_of(site, number)
    return stream(lambda: job.version, site.closing)


@router.post("/jobs/{number}/cancel")
def cancel(request: Request, number: int) -> Response:
    """End the work."""
    job_of(site_of(request), number).cancel()
    return RedirectResponse(f"/jobs/{number}", 303)

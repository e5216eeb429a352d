"""Stores: what is in them, and whether they can carry a verdict."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

import lvmctl
from lvmctl_dashboard.rendering import figure
from lvmctl_dashboard.site import form_of, site_of

router = APIRouter(include_in_schema=False)

DIAGNOSTICS = {
    "split-parity": "Are the splits alike?",
    "leakage": "Do splits share chunks?",
}


@router.get("/data")
def data(request: Request, store: str = "") -> Response:
    """The stores by name, and one of them."""
    site = site_of(request)
    info = None if not store else lvmctl.open_store(site.catalogue.store(store)).describe()
    splits = [
        [
            each["split"] or "all",
            *(figure(each[key], digits=0) for key in ("articles", "chunks", "windows")),
            *(figure(each[key], digits=0) for key in ("shortest", "median", "longest")),
            figure(each["neighbour_cosine"]),
        ]
        for each in (info or {"splits": ()})["splits"]
    ]
    return site.page(
        request,
        "data.html",
        stores=list(site.catalogue.stores()),
        chosen=store,
        info=info,
        splits=splits,
        diagnostics=DIAGNOSTICS,
        jobs=[job for job in site.jobs if job.kind == "diagnose"][::-1],
    )


@router.post("/data")
async def start(request: Request) -> Response:
    """Begin a diagnostic and go to its page."""
    site, form = site_of(request), await form_of(request)
    name, store = form.text("diagnostic"), form.text("store")
    if name not in DIAGNOSTICS:
        raise HTTPException(422, f"there is no diagnostic {name!r} here")
    source = site.catalogue.store(store)
    job = site.jobs.start("diagnose", f"{name} of {store}", {"name": name, "data": source})
    return RedirectResponse(f"/jobs/{job.number}", 303)

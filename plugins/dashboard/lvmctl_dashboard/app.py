"""The application: pages, events, files, and errors of one line."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.responses import Response

import lvmctl
from lvmctl_dashboard import (
    compare_page,
    data_page,
    job_page,
    published,
    run_page,
    runs_page,
    try_page,
)
from lvmctl_dashboard.catalogue import Catalogue, Unknown, one_line
from lvmctl_dashboard.guard import Guard
from lvmctl_dashboard.jobs import Busy
from lvmctl_dashboard.site import HERE, Site, site_of

ROOMS = (runs_page, run_page, compare_page, try_page, data_page, job_page, published)


def make_app(catalogue: Catalogue, read_only: bool = False, host: str = "127.0.0.1") -> FastAPI:
    """The dashboard as an ASGI application.

    Args:
        catalogue: runs and stores.
        read_only: nothing may be started.
        host: the address that it is served at.
    """
    site = Site(catalogue, read_only)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        site.closing.set()
        site.jobs.close()

    app = FastAPI(title="lvmctl dashboard", docs_url=None, redoc_url=None, lifespan=lifespan)
    app.state.site, app.state.closing = site, site.closing
    for room in ROOMS:
        app.include_router(room.router)
    app.mount("/static", StaticFiles(directory=HERE / "static"))
    app.add_api_route("/plotly.js", plotly, include_in_schema=False)
    for kind in (HTTPException, RequestValidationError, lvmctl.LvmctlError, Unknown, Busy):
        app.add_exception_handler(kind, failed)
    app.add_middleware(Guard, read_only=read_only, host=host)
    return app


def plotly() -> FileResponse:
    """The script of the ``plotly`` package that is installed."""
    script = Path(str(files("plotly") / "package_data" / "plotly.min.js"))
    return FileResponse(script, headers={"Cache-Control": "max-age=3600"})


async def failed(request: Request, error: Exception) -> Response:
    """One line: on a page where a page was asked for, else as JSON."""
    code, line = code_and_line(error)
    if "text/html" in request.headers.get("accept", ""):
        return site_of(request).page(request, "error.html", code, status_code=code, line=line)
    return JSONResponse({"detail": line}, code)


def code_and_line(error: Exception) -> tuple[int, str]:
    """The HTTP status and the line of an error."""
    if isinstance(error, HTTPException):
        return error.status_code, str(error.detail)
    if isinstance(error, RequestValidationError):
        first = error.errors()[0]
        if first["type"] == "json_invalid":
            return 422, "the body is not JSON"
        place = ".".join(map(str, first["loc"][1:]))
        return 422, f"{place}: {first['msg']}".removeprefix(": ")
    if isinstance(error, Unknown):
        return 404, one_line(error)
    if isinstance(error, Busy):
        return 429, one_line(error)
    return 422, one_line(error)

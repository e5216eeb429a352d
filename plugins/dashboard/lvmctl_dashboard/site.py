"""What the pages share: names, work, templates."""

from __future__ import annotations

import json
from pathlib import Path
from threading import Event
from urllib.parse import parse_qs, quote

from fastapi import Request
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse

from lvmctl_dashboard import rendering
from lvmctl_dashboard.catalogue import Catalogue, short, without_directories
from lvmctl_dashboard.jobs import Jobs

HERE = Path(__file__).parent

PAGES = {"/": "Runs", "/compare": "Compare", "/try": "Try it", "/data": "Data"}


class Site:
    """One dashboard.

    Attributes:
        catalogue: runs and stores by name.
        jobs: the work that was started.
        read_only: nothing may be started.
        closing: set when the server is to end.
    """

    def __init__(self, catalogue: Catalogue, read_only: bool) -> None:
        self.catalogue, self.read_only = catalogue, read_only
        self.jobs, self.closing = Jobs(), Event()
        self._templates = Environment(
            loader=PackageLoader("lvmctl_dashboard"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters |= {
            "json": json.dumps,
            "named": without_directories,
            "short": short,
            "path": lambda name: quote(name, safe="/"),
            "status": rendering.status,
            "asks": rendering.asks,
            "date": rendering.date,
            "row": rendering.row,
            "gate": rendering.gate_cells,
        }

    def page(
        self, request: Request, template: str, code: int = 200, **values: object
    ) -> HTMLResponse:
        """A page."""
        shown = self._templates.get_template(template).render(
            here=request.url.path, pages=PAGES, read_only=self.read_only, **values
        )
        return HTMLResponse(shown, code, {"Cache-Control": "no-store"})


def site_of(request: Request) -> Site:
    """The dashboard that a request is sent to."""
    return request.app.state.site


class Form:
    """What a form of a page sent."""

    def __init__(self, fields: dict[str, list[str]]) -> None:
        self._fields = fields

    def all(self, name: str) -> list[str]:
        """The values of a field that may be chosen several times."""
        return self._fields.get(name, [])

    def text(self, name: str) -> str:
        """The value of a field; empty where it was left empty."""
        return self._fields.get(name, [""])[0]


async def form_of(request: Request) -> Form:
    """The form that a request carries.

    Raises:
        HTTPException: 400, it has too many fields.
    """
    body = (await request.body()).decode("utf-8", "replace")
    try:
        return Form(parse_qs(body, max_num_fields=1000))
    except ValueError:
        raise HTTPException(400, "the form has too many fields") from None

"""What stands before every request: its host, its origin, its size; and what answers may load."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY = 2**20
"""Bytes of a request."""

LOOPBACK = ("127.0.0.1", "::1", "localhost")
"""Names of this machine for itself."""

EVERYWHERE = ("0.0.0.0", "::")
"""Hosts that listen on every address, so that the name they are called by is not known."""

POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""Only what the server itself has is loaded; plotly writes styles into the page."""


class Guard:
    """Refuses other hosts' names, work that another page starts, work where nothing may be started
    and large bodies.

    Args:
        app: what comes behind it.
        read_only: nothing may be started.
        host: the address that is listened on; a name that only leads there is refused, lest a
            foreign page reach the server by it.
    """

    def __init__(self, app: ASGIApp, read_only: bool, host: str) -> None:
        self.app, self.read_only = app, read_only
        self.hosts = None if host in EVERYWHERE else {*LOOPBACK, host}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("Content-Security-Policy", POLICY)
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Referrer-Policy"] = "same-origin"
            await send(message)

        refused = self._refusal(scope["method"], Headers(scope=scope))
        if refused is None:
            await self.app(scope, receive, with_headers)
        else:
            await PlainTextResponse(refused[1] + "\n", refused[0])(scope, receive, with_headers)

    def _refusal(self, method: str, headers: Headers) -> tuple[int, str] | None:
        """Status and line of a request that goes no further."""
        host = headers.get("host", "")
        if self.hosts is not None and urlsplit(f"//{host}").hostname not in self.hosts:
            return 421, "this is not the name of this server"
        if method in ("GET", "HEAD"):
            return None
        origin = headers.get("origin")
        foreign = headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none")
        if foreign or (origin is not None and urlsplit(origin).netloc != host):
            return 403, "work is started from the pages of this server only"
        if self.read_only:
            return 403, "the dashboard is read-only"
        length = headers.get("content-length", "")
        if not length.isdigit():
            return 411, "say how long the body is"
        if int(length) > MAX_BODY:
            return 413, f"the body has more than {MAX_BODY} bytes"
        return None

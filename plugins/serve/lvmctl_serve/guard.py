"""What stands before every request: the token, the size of the body, the clock."""

from __future__ import annotations

import hmac
import time
from collections.abc import Collection

from fastapi import HTTPException
from fastapi.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lvmctl_serve.metrics import Metrics

OPEN = "/health"
"""The path that needs no token, for those who watch the server."""


class Guard:
    """Answers 401 without the token and 413 to a body that is too large; times the others.

    Args:
        app: what comes behind it.
        token: what ``Authorization: Bearer …`` must carry; None lets everybody in.
        body: bytes of a body.
        metrics: where requests are counted.
        paths: paths that are counted by their names.
    """

    def __init__(
        self, app: ASGIApp, token: str | None, body: int, metrics: Metrics, paths: Collection[str]
    ) -> None:
        self.app, self.body, self.metrics, self.paths = app, body, metrics, paths
        self.expected = None if token is None else f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begin, status = time.perf_counter(), 500

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            refusal = self._refusal(scope)
            if refusal is not None:
                await refusal(scope, receive, watched)
            else:
                await self.app(scope, self._limited(receive), watched)
        finally:
            path = scope["path"] if scope["path"] in self.paths else "other"
            self.metrics.observe(scope["method"], path, status, time.perf_counter() - begin)

    def _refusal(self, scope: Scope) -> JSONResponse | None:
        """The answer to a request that goes no further."""
        headers = dict(scope["headers"])
        if self.expected is not None and scope["path"] != OPEN:
            sent = headers.get(b"authorization", b"")
            if not hmac.compare_digest(sent, self.expected):
                line = "give the server's token as Authorization: Bearer TOKEN"
                return JSONResponse({"detail": line}, 401, {"WWW-Authenticate": "Bearer"})
        length = headers.get(b"content-length", b"0")
        if length.isdigit() and int(length) > self.body:
            return JSONResponse({"detail": self._too_large}, 413)
        return None

    @property
    def _too_large(self) -> str:
        return f"the body has more than {self.body} bytes"

    def _limited(self, receive: Receive) -> Receive:
        """``receive`` that stops a body which grows too large without having said so."""
        size = 0

        async def counted() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > self.body:
                raise HTTPException(413, self._too_large)
            return message

        return counted

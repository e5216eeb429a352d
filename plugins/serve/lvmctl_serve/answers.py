"""Bodies read and answers written as JSON, and what goes wrong said in one line."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute
from pydantic_core import from_json, to_json
from starlette.exceptions import HTTPException as AnyHTTPException

from lvmctl import DataError
from lvmctl_serve.schemas import Problem

LONGEST = 300
"""Characters of the line."""

PROBLEMS: dict[int | str, dict[str, Any]] = {
    401: {"model": Problem, "description": "The token is missing."},
    404: {"model": Problem, "description": "There is no such model or article."},
    413: {"model": Problem, "description": "The body is too large."},
    422: {"model": Problem, "description": "The request cannot be understood."},
    429: {"model": Problem, "description": "Too many requests are waiting."},
    503: {"model": Problem, "description": "There is no encoder, decoder or store for this."},
}


class Answer(JSONResponse):
    """Plain data as JSON."""

    def render(self, content: Any) -> bytes:
        return to_json(content)


class StrictJSON(Request):
    """A request whose JSON holds no NaN and no bottomless nesting."""

    async def json(self) -> Any:
        body = await self.body()
        try:
            return from_json(body, allow_inf_nan=False)
        except ValueError as error:
            raise HTTPException(422, f"the body is not JSON: {error}") from error


class Route(APIRoute):
    """A route whose requests are :class:`StrictJSON`."""

    def get_route_handler(self) -> Callable[..., Any]:
        handler = super().get_route_handler()

        async def call(request: Request) -> Response:
            return await handler(StrictJSON(request.scope, request.receive))

        return call


def line(text: str) -> str:
    """A text as one line that is not long."""
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def add_handlers(app: FastAPI) -> None:
    """Answer whatever goes wrong as :class:`Problem`, without a place of this machine in it."""

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        if first["loc"] == ("body",) and first["type"] == "model_attributes_type":
            hint = "with Content-Type: application/json"
            return problem(422, f"the body: give an object of JSON, {hint}")
        place = ".".join(str(part) for part in first["loc"][1:]) or "the body"
        return problem(422, f"{place}: {first['msg'].removeprefix('Value error, ')}")

    @app.exception_handler(AnyHTTPException)
    async def refused(request: Request, error: AnyHTTPException) -> Response:
        return problem(error.status_code, str(error.detail), error.headers)

    @app.exception_handler(DataError)
    async def unusable(request: Request, error: DataError) -> Response:
        return problem(422, error.what if error.hint is None else f"{error.what}; {error.hint}")

    @app.exception_handler(Exception)
    async def fault(request: Request, error: Exception) -> Response:
        print(f"error: {request.method} {request.url.path}: {error}", file=sys.stderr)
        traceback.print_exception(error)
        return problem(500, "this is a fault of the server: its log says more")


def problem(status: int, text: str, headers: Any = None) -> JSONResponse:
    """An answer that says what is wrong."""
    return JSONResponse({"detail": line(text)}, status, headers)

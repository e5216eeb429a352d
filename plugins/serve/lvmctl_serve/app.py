"""The application: its requests, what stands before them, and its document."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.responses import Response

from lvmctl_serve import embeddings, published, ranking
from lvmctl_serve.answers import PROBLEMS, add_handlers
from lvmctl_serve.examples import Examples
from lvmctl_serve.guard import Guard
from lvmctl_serve.service import Service

PROMETHEUS = "text/plain; version=1.0.0; charset=utf-8"


def make_app(service: Service, token: str | None = None) -> FastAPI:
    """The application that answers for a service.

    Args:
        service: the runs.
        token: what requests must carry as ``Authorization: Bearer …``; None lets everybody in.
    """

    app = FastAPI(
        title="lvmctl serve",
        description="Predict and rank the next chunk of a text (docs/serve.md).",
        version="1",
        docs_url=None,  # its page would fetch scripts from elsewhere
        redoc_url=None,
    )
    examples = Examples(service.first)
    app.include_router(published.routes(service, examples))
    app.include_router(published.status_routes(service))
    app.include_router(ranking.routes(service, examples))
    app.include_router(embeddings.routes(service, examples))

    @app.get("/", include_in_schema=False)
    async def root() -> dict[str, object]:
        """What is here, and where it is described."""
        return {
            "service": "lvmctl serve",
            "models": [*service.models],
            "requests": sorted(app.openapi()["paths"]),
            "openapi": "/openapi.json",
        }

    @app.get(
        "/metrics/prometheus",
        response_class=Response,
        responses={
            200: {"content": {PROMETHEUS: {"schema": {"type": "string"}}}},
            401: PROBLEMS[401],
        },
    )
    async def prometheus() -> Response:
        """Counts for Prometheus."""
        return Response(service.metrics.prometheus(), media_type=PROMETHEUS)

    add_handlers(app)
    app.add_middleware(
        Guard,
        token=token,
        body=service.limits.body,
        metrics=service.metrics,
        paths=set(app.openapi()["paths"]),
    )
    return app

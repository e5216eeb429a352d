"""``/v1/embeddings`` and ``/v1/models``, as clients of OpenAI's interface ask for them."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException

from lvmctl_serve.answers import PROBLEMS, Answer, Route
from lvmctl_serve.examples import Examples
from lvmctl_serve.schemas import EmbeddingsAnswer, EmbeddingsRequest, ModelsAnswer
from lvmctl_serve.service import Handle, Service
from lvmctl_serve.vectors import write


def routes(service: Service, examples: Examples) -> APIRouter:
    """``/v1/embeddings`` and ``/v1/models``."""
    router = APIRouter(prefix="/v1", default_response_class=Answer, route_class=Route)

    @router.post(
        "/embeddings",
        response_model=EmbeddingsAnswer,
        openapi_extra=examples.embeddings,
        responses=PROBLEMS,
    )
    async def embeddings(body: EmbeddingsRequest) -> Answer:
        """Texts as unit vectors. ``usage`` counts words."""
        handle = of_encoder(service, body.model)
        texts = [body.input] if isinstance(body.input, str) else body.input
        dim = handle.served.dim
        if body.dimensions not in (None, dim):
            raise HTTPException(422, f"dimensions: the encoder has {dim}")
        vectors = write(await handle.encode(texts, "input"), body.encoding_format)
        words = sum(len(text.split()) for text in texts)
        return Answer(
            {
                "object": "list",
                "data": [
                    {"object": "embedding", "index": number, "embedding": vector}
                    for number, vector in enumerate(vectors)
                ],
                "model": body.model,
                "usage": {"prompt_tokens": words, "total_tokens": words},
            }
        )

    @router.get("/models", response_model=ModelsAnswer, responses={401: PROBLEMS[401]})
    async def models() -> Answer:
        """The runs that are served."""
        entries = [{"id": name, "object": "model", "owned_by": "lvmctl"} for name in service.models]
        return Answer({"object": "list", "data": entries})

    return router


def of_encoder(service: Service, name: str) -> Handle:
    """The run of this name, or the first whose encoder has it."""
    for handle in service.models.values():
        if name == (handle.served.model_encoder or {}).get("name"):
            return handle
    return service.model(name)

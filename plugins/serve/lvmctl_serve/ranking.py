"""``/rank``: which of these comes next?"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from fastapi import APIRouter, HTTPException

from lvmctl_serve.answers import PROBLEMS, Answer, Route
from lvmctl_serve.examples import Examples
from lvmctl_serve.published import milliseconds
from lvmctl_serve.schemas import RankAnswer, RankRequest
from lvmctl_serve.service import Handle, Service


def routes(service: Service, examples: Examples) -> APIRouter:
    """``/rank``."""
    router = APIRouter(route_class=Route, default_response_class=Answer, responses=PROBLEMS)

    @router.post("/rank", response_model=RankAnswer, openapi_extra=examples.rank)
    async def rank(body: RankRequest) -> Answer:
        """Rank candidates for the place after a context; without candidates, the chunks of the
        store, or of one of its articles. The context is texts or vectors, and so are candidates."""
        begin = time.perf_counter()
        handle = service.model(body.model)
        read = to_read(handle, body)
        if body.context is not None and body.context_vectors is None:
            length = handle.served.model.context_length
            context = await handle.encode(body.context[-length:], "context")
        elif body.context_vectors is not None and body.context is None:
            context = handle.rows(body.context_vectors, "context_vectors")
        else:
            raise HTTPException(422, "give either context or context_vectors")
        candidates, texts, numbers = await pool(handle, body)
        indices, scores = await handle.rank(context, candidates, body.top, read)
        if numbers is not None:
            indices = numbers[indices]
        results = named(handle, body, texts, indices, scores)
        if candidates is None:
            assert handle.served.store is not None
            size = len(handle.served.store)
        else:
            size = len(candidates)
        name = handle.served.name
        answer = {"results": results, "candidates": size, "model": name}
        return Answer({**answer, "latency_ms": milliseconds(begin)})

    return router


def to_read(handle: Handle, body: RankRequest) -> tuple[list[str], list[str]] | None:
    """The texts of context and candidates for a model that reads them; None for one that reads
    vectors alone. 422 where a request does not have what the model reads."""
    if not (reads := handle.served.model.reads):
        return None
    what = f"{handle.served.name} reads {' and '.join(reads)}"
    if reads != ("text",):
        raise HTTPException(422, f"{what}, which is not passed on here: rank with lvmctl predict")
    if body.context is None or body.candidates is None:
        raise HTTPException(422, f"{what}: give context and candidates as texts")
    return body.context[-handle.served.model.context_length :], body.candidates


async def pool(
    handle: Handle, body: RankRequest
) -> tuple[np.ndarray | None, list[str] | None, np.ndarray | None]:
    """The candidates (N, D), their texts if they were sent, and their numbers in the store if they
    are an article's; no vectors for the whole store."""
    sent = body.candidates is not None or body.candidate_vectors is not None
    if body.ids is not None and not sent:
        raise HTTPException(422, "ids: there are no candidates that they name")
    if not sent:
        served = handle.served
        if served.store is None:
            raise HTTPException(503, "there is no store here: send candidates")
        if body.article is None:
            return None, None, None
        numbers = served.article_chunks(body.article)
        if numbers is None:
            raise HTTPException(404, "the store has no such article")
        return served.chunk_vectors(numbers), None, numbers
    if body.article is not None:
        raise HTTPException(422, "article: give it, or candidates")
    if body.candidate_vectors is None:
        assert body.candidates is not None
        vectors = await handle.encode(body.candidates, "candidates")
    else:
        vectors = handle.rows(body.candidate_vectors, "candidate_vectors")
    for name, values in (("candidates", body.candidates), ("ids", body.ids)):
        if values is not None and len(values) != len(vectors):
            raise HTTPException(422, f"{name}: {len(values)} for {len(vectors)} vectors")
    return vectors, body.candidates, None


def named(
    handle: Handle,
    body: RankRequest,
    texts: list[str] | None,
    indices: np.ndarray,
    scores: np.ndarray,
) -> list[dict[str, Any]]:
    """The best candidates as they are answered."""
    order = indices.tolist()
    served = handle.served
    said: list[str] | list[None]
    if body.candidates is not None or body.candidate_vectors is not None:
        ids = [str(number) if body.ids is None else body.ids[number] for number in order]
        said = [None] * len(order) if texts is None else [texts[number] for number in order]
    else:
        assert served.store is not None
        ids = served.chunk_names(indices)
        said = served.store.read_texts(order) if served.store.has_texts else [None] * len(order)
    return [
        {"index": index, "id": name, "text": text, "score": score}
        for index, name, text, score in zip(order, ids, said, scores.tolist())
    ]

"""The requests of the published service, its encoder and its decoder, as its clients send them."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from fastapi import APIRouter, HTTPException, Request

from lvmctl_serve import schemas
from lvmctl_serve.answers import PROBLEMS, Answer, Route
from lvmctl_serve.chunking import chunks_of
from lvmctl_serve.examples import Examples
from lvmctl_serve.metrics import TARGETS
from lvmctl_serve.service import DEVICE, MAX_STEPS, Handle, Service
from lvmctl_serve.vectors import write


def milliseconds(begin: float) -> float:
    """Since ``begin``."""
    return round(1000 * (time.perf_counter() - begin), 3)


def routes(service: Service, examples: Examples) -> APIRouter:
    """``/infer``, ``/chat``, ``/encode`` and ``/decode``."""
    router = APIRouter(route_class=Route, default_response_class=Answer, responses=PROBLEMS)

    @router.post("/infer", response_model=schemas.InferAnswer, openapi_extra=examples.infer)
    async def infer(body: schemas.InferRequest) -> Answer:
        """Predict the vector of the chunk after a context. Of more than K vectors the last K are
        read; in front of fewer the oldest is repeated."""
        begin = time.perf_counter()
        handle = service.model(body.model)
        context = handle.rows(body.context_vectors, "context_vectors")
        vector, confidence = await handle.infer(context, body.normalize, body.temperature)
        return Answer(
            {
                "predicted_vector": write(vector[None], body.encoding_format)[0],
                "confidence": confidence,
                "latency_ms": milliseconds(begin),
                "model_type": handle.served.model.recipe,
                "device": DEVICE,
            }
        )

    @router.post("/chat", response_model=schemas.ChatAnswer, openapi_extra=examples.chat)
    async def chat(body: schemas.ChatRequest) -> Answer:
        """Say what comes after texts: encoded, the next vector predicted, decoded."""
        begin = time.perf_counter()
        handle = service.model(body.model)
        if (body.messages is None) == (body.paragraph is None):
            raise HTTPException(422, "give either messages or paragraph")
        length = handle.served.model.context_length
        mode = body.chunk_mode if body.auto_chunk else "off"
        chunks, cut = chunks_of(body.messages, body.paragraph, mode, length)
        context = await handle.encode(chunks[-length:], "messages")
        encoded = time.perf_counter()
        vector, confidence = await handle.infer(context, True, body.temperature)
        predicted = time.perf_counter()
        decoded = await handle.decode(vector[None])
        return Answer(
            {
                "response": decoded.texts[0],
                "confidence": confidence,
                "latency_breakdown": {
                    "encoding_ms": round(1000 * (encoded - begin), 3),
                    "lvm_inference_ms": round(1000 * (predicted - encoded), 3),
                    "decoding_ms": milliseconds(predicted),
                },
                "total_latency_ms": milliseconds(begin),
                "chunks_used": len(context),
                "chunking_applied": cut,
                "input_chunks": len(chunks),
                "ctx_fill_mode": "seq" if len(chunks) >= length else "repeat_pad",
            }
        )

    @router.post("/encode", response_model=schemas.EncodeAnswer, openapi_extra=examples.encode)
    async def encode(body: schemas.EncodeRequest) -> Answer:
        """Texts as unit vectors, by the encoder of the run's training data."""
        vectors = await service.model(body.model).encode(body.texts, "texts")
        embeddings = write(vectors, body.encoding_format)
        return Answer({"embeddings": embeddings, "shape": list(vectors.shape)})

    @router.post("/decode", response_model=schemas.DecodeAnswer, openapi_extra=examples.decode)
    async def decode(body: schemas.DecodeRequest) -> Answer:
        """Vectors as texts. The decoder is the server's, whatever ``subscriber`` asks for."""
        handle = service.model(body.model)
        decoded = await handle.decode(handle.rows(body.vectors, "vectors"))
        decoder = handle.served.decoder
        return Answer(
            {
                "results": decoded.texts,
                "subscriber": body.subscriber,
                "steps": body.steps,
                "decoder": None if decoder is None else decoder.name,
                "cosines": None if decoded.cosines is None else numbers(decoded.cosines),
            }
        )

    return router


def numbers(values: np.ndarray) -> list[float | None]:
    """Plain numbers, None for what is not finite."""
    return [value if np.isfinite(value) else None for value in values.tolist()]


def status_routes(service: Service) -> APIRouter:
    """``/health``, ``/info`` and ``/metrics``."""
    router = APIRouter(default_response_class=Answer, responses=only(401, 404, 422))

    @router.get("/health", response_model=schemas.HealthAnswer, responses=only(404, 422))
    async def health(request: Request, model: str | None = None) -> Answer:
        """Whether the targets of latency and errors are kept by the latest 1,000 requests."""
        served, violations = service.model(model).served, service.metrics.violations()
        base = str(request.base_url)
        return Answer(
            {
                "status": "degraded" if violations else "healthy",
                "model_type": served.model.recipe,
                "model_loaded": True,
                "device": DEVICE,
                "encoder_url": served.encoder and f"{base}encode",
                "decoder_url": served.decoder and f"{base}decode",
                "pipeline": "lvm",
                "max_decode_steps": MAX_STEPS,
                "slo_compliant": not violations,
                "slo_violations": violations,
            }
        )

    @router.get("/info", response_model=schemas.InfoAnswer)
    async def info(model: str | None = None) -> Answer:
        """What is served. ``model_path`` is the run's name, not a place of this machine."""
        return Answer(info_of(service, service.model(model)))

    @router.get("/metrics", response_model=schemas.MetricsAnswer)
    async def metrics(model: str | None = None) -> Answer:
        """Latency and errors of the latest 1,000 requests. What the published service measured of
        decoded texts is null: nothing here measures it."""
        served, violations = service.model(model).served, service.metrics.violations()
        unmeasured = ("gibberish_rate_pct", "keyword_hit_rate_pct", "entity_hit_rate_pct")
        decoder = served.decoder
        return Answer(
            {
                "slo_metrics": service.metrics.recent() | dict.fromkeys(unmeasured),
                "slo_targets": TARGETS,
                "compliance": {
                    "status": "violated" if violations else "compliant",
                    "violations": violations,
                },
                "cache": {"hits": 0, "misses": 0, "hit_rate_pct": 0.0, "size": 0},
                "circuit_breaker": {
                    "extractive_mode": decoder is not None and decoder.name == "nearest",
                    "steps_5_rate_pct": 0.0,
                    "window_size": 0,
                },
                "version_ids": {
                    "model_id": served.identity,
                    "index_id": served.store_identity,
                    "decoder_cfg_id": None if decoder is None else decoder.name,
                },
            }
        )

    return router


def only(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Some of the problems that requests may have."""
    return {status: PROBLEMS[status] for status in statuses}


def info_of(service: Service, handle: Handle) -> dict[str, Any]:
    """What ``/info`` answers."""
    served = handle.served
    encoder = (served.model_encoder or {}).get("name")
    return {
        "model_type": served.model.recipe,
        "model_path": served.name,
        "device": DEVICE,
        **served.describe(),
        "max_decode_steps": MAX_STEPS,
        "models": list(service.models),
        "encoder": encoder if served.encoder else None,
        "decoder": served.decoder.name if served.decoder else None,
        "store": served.store_name,
        "confidence_windows": served.confidence.windows if served.confidence else None,
        "index": served.index.name if served.index else "exact",
        "index_recall": served.index.recall if served.index else None,
    }

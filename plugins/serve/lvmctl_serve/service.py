"""The runs that are served, and what is computed for requests together."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from fastapi import HTTPException

from lvmctl import Decoded, UsageError
from lvmctl_serve.batching import Batcher
from lvmctl_serve.metrics import Metrics
from lvmctl_serve.served_model import InferItem, RankItem, ServedModel
from lvmctl_serve.vectors import unit_rows

DEVICE = "cpu"
MAX_STEPS = 50
TOGETHER = 64
"""Requests in a batch."""


@dataclass(frozen=True)
class Limits:
    """How much a request may ask for.

    Attributes:
        body: bytes of a body.
        batch: texts, vectors or candidates in a request.
        queue: requests that may wait to be computed.
    """

    body: int = 32 * 2**20
    batch: int = 1024
    queue: int = 1024


class Handle:
    """A run with its batches: what a request asks is computed with what others ask."""

    def __init__(self, served: ServedModel, service: Service) -> None:
        self.served, self.limits = served, service.limits
        observe = service.metrics.batches.labels

        def batcher(kind: str, thread: ThreadPoolExecutor, most: int) -> Batcher:
            compute = getattr(served, kind)
            return Batcher(compute, thread, most, service.limits.queue, observe(kind).observe)

        self.infer_batch = batcher("infer", service.vectors_thread, TOGETHER)
        self.rank_batch = batcher("rank", service.vectors_thread, TOGETHER)
        self.encode_batch = batcher("encode", service.texts_thread, TOGETHER)
        self.decode_batch = batcher("decode", service.texts_thread, TOGETHER)

    def rows(self, numbers: np.ndarray, name: str) -> np.ndarray:
        """Vectors of a request as unit rows (n, D); 422 where they are none."""
        return unit_rows(numbers, self.served.dim, name, self.limits.batch)

    async def infer(self, context: np.ndarray, normalize: bool, temperature: float) -> tuple:
        """The prediction (D,) and its confidence. Above a temperature of 1, noise is added as the
        published service does: 0.1 · (temperature - 1) standard normal numbers. 422 of a model
        whose prediction reads more than vectors."""
        if self.served.model.q_reads:
            reads = " and ".join(self.served.model.reads)
            what = f"{self.served.name} reads {reads} for its prediction"
            raise HTTPException(422, f"{what}: use lvmctl predict")
        vector, confidence = await self.infer_batch(InferItem(context, normalize))
        if temperature > 1:
            noise = np.random.default_rng().standard_normal(len(vector))
            vector = vector + 0.1 * (temperature - 1) * noise.astype(np.float32)
            vector = vector / np.linalg.norm(vector) if normalize else vector
        return vector, confidence

    async def rank(
        self,
        context: np.ndarray,
        candidates: np.ndarray | None,
        top: int,
        read: tuple[list[str], list[str]] | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Numbers of candidates and their scores, the best first; see :class:`RankItem`."""
        return await self.rank_batch(RankItem(context, candidates, top, read))

    async def encode(self, texts: Sequence[str], name: str) -> np.ndarray:
        """Texts as unit vectors (n, D); 422 of too many, 503 where they cannot be read."""
        if self.served.encoder is None:
            raise HTTPException(503, "texts cannot be encoded here: the server's log says why")
        if len(texts) > self.limits.batch:
            raise HTTPException(
                422, f"{name}: {len(texts)} texts are more than {self.limits.batch}"
            )
        return await self.encode_batch(list(texts))

    async def decode(self, vectors: np.ndarray) -> Decoded:
        """What vectors (n, D) say; 503 where nothing can be said."""
        if self.served.decoder is None:
            raise HTTPException(503, "vectors cannot be decoded here: the server's log says why")
        return await self.decode_batch(vectors)


class Service:
    """The runs by name; the first answers requests that name none.

    Attributes:
        models: their handles by name.
        limits: how much a request may ask for.
        metrics: what is counted.
    """

    def __init__(self, models: Sequence[ServedModel], limits: Limits | None = None) -> None:
        self.limits, self.metrics = limits or Limits(), Metrics()
        # Vectors do not wait for texts, which take longer.
        self.vectors_thread = ThreadPoolExecutor(1, "vectors")
        self.texts_thread = ThreadPoolExecutor(1, "texts")
        self.models = {served.name: Handle(served, self) for served in models}
        if len(self.models) < len(models):
            names = ", ".join(served.name for served in models)
            raise UsageError(f"two runs have the same name ({names})", hint="rename a directory")
        self.first = next(iter(self.models.values()))

    def model(self, name: str | None) -> Handle:
        """A run by its name; 404 where there is none."""
        handle = self.first if name is None else self.models.get(name)
        if handle is None:
            raise HTTPException(404, f"there is no such model; there are {', '.join(self.models)}")
        return handle

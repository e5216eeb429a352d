"""Requests that can be sent as they are, for the OpenAPI document."""

from __future__ import annotations

from typing import Any

import numpy as np

from lvmctl_serve.service import Handle
from lvmctl_serve.vectors import write

BEFORE = ["The soil is dug with a spade.", "Seeds are laid in a row."]
AFTER = ["The seedlings are watered at dusk.", "The page is folded and sealed."]


class Examples:
    """What the document says beside each request, with vectors of the run's width."""

    def __init__(self, handle: Handle) -> None:
        dim, name = handle.served.dim, handle.served.name
        rows = np.random.default_rng(0).standard_normal((2, dim)).astype(np.float32)
        base64 = write(rows / np.linalg.norm(rows, axis=1, keepdims=True), "base64")
        self.infer = extra({"context_vectors": base64, "encoding_format": "base64"})
        self.chat = extra({"messages": BEFORE})
        self.encode = extra({"texts": BEFORE, "encoding_format": "base64"})
        self.decode = extra({"vectors": base64, "subscriber": "nearest", "steps": 1})
        self.embeddings = extra({"input": BEFORE, "model": name, "encoding_format": "base64"})
        self.rank = extra(
            {"context": BEFORE, "candidates": AFTER, "top": 1},
            {"context_vectors": base64, "candidate_vectors": base64, "ids": ["a", "b"]},
            {"context_vectors": base64, "top": 3},
        )


def extra(*bodies: dict[str, Any]) -> dict[str, Any]:
    """Examples of a request's body, as FastAPI adds them to the document."""
    named = {f"example {number}": {"value": body} for number, body in enumerate(bodies, 1)}
    return {"requestBody": {"content": {"application/json": {"examples": named}}}}

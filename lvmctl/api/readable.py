"""What a model that reads more than vectors reads of a context and its candidates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import torch

from lvmctl.api.arrays import filled
from lvmctl.core.batch import Pool
from lvmctl.core.chunks import Chunks
from lvmctl.core.errors import UsageError, refuse
from lvmctl.data.chunk_source import TextList

Readable: TypeAlias = "Chunks | Sequence[Any]"
"""Chunks of a store, or the texts of chunks that are of none, nested as the chunks are."""


def readable(
    read: tuple[Readable | None, Readable | None] | None,
    reads: tuple[str, ...],
    context: np.ndarray,
    pool: np.ndarray,
) -> tuple[Chunks, Chunks] | None:
    """What a model ``reads`` of contexts (B, K, D) and of candidates (N, D) or (B, N, D); None
    where it reads vectors alone.

    ``read`` is of the contexts (k,) or (B, k), of which the last K count and the oldest is repeated
    in front of fewer, and of the candidates (N,) or (B, N).
    """
    if not reads:
        return None
    of_context, of_candidates = read or (None, None)
    if of_context is None or of_candidates is None:
        raise UsageError(
            f"the model reads {' and '.join(reads)} of chunks, which vectors alone do not have",
            where="rank",
            hint="rank texts or chunks of a store, or give read=(of the context, of the "
            "candidates)",
        )
    window, chunks = readable_window(of_context, context), of_texts(of_candidates)
    require_as_many("candidates", tuple(chunks.rows.shape), pool.shape[:-1])
    return window, chunks


def readable_window(read: Readable, context: np.ndarray) -> Chunks:
    """The chunks of contexts (B, K, D) for a model, see :func:`readable`."""
    window = of_texts(read)
    rows = window.rows.numpy()
    rows = filled(rows.reshape(-1, rows.shape[-1], 1), context.shape[1], "read")[..., 0]
    require_as_many("context", rows.shape, context.shape[:-1])
    return Chunks(torch.from_numpy(np.ascontiguousarray(rows)), window.source)


def require_as_many(what: str, shape: tuple[int, ...], wanted: tuple[int, ...]) -> None:
    """Refuse something to read for another number of chunks."""
    what = f"read has {shape} chunks of {what}, not {wanted}"
    refuse(shape != wanted, what, "rank", "give what the vectors are of")


def of_texts(texts: Readable) -> Chunks:
    """Chunks that have nothing but their texts, (n,) or (B, n); or the chunks themselves."""
    if isinstance(texts, Chunks):
        return texts
    every = np.array(texts, object)
    rows = torch.arange(every.size).view(every.shape)
    return Chunks(rows, TextList([str(text) for text in every.ravel()]))


def pool_part(
    pool: np.ndarray, without: np.ndarray, read: tuple[Chunks, Chunks] | None, part: slice
) -> Pool:
    """Candidates (N, D) or (B, N, D), without (B, S) of them, for some of the contexts."""
    without, shared = without[part], pool.ndim == 2
    candidates = torch.ones(len(without), pool.shape[-2], dtype=torch.bool)
    candidates.scatter_(1, torch.from_numpy(without.copy()), False)
    vectors = torch.from_numpy(pool if shared else pool[part])
    if read is None:
        return Pool(vectors, candidates)
    window, chunks = read
    return Pool(vectors, candidates, None, window[part], chunks if shared else chunks[part])

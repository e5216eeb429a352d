"""Pools of candidates to check a ``score(context, pool)`` on, with what it reads beside vectors."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from lvmctl.core.batch import Pool
from lvmctl.core.chunks import Chunks
from lvmctl.sphere import unit
from lvmctl.testing.check import Subject
from lvmctl.testing.contexts import SHAPE, Contexts, normal
from lvmctl.testing.samples import MadeSource, split_of


def reads_of(subject: Subject) -> tuple[str, ...]:
    """What a model reads beside vectors; nothing of what is no model."""
    return getattr(subject.record, "reads", ())


def pooled(subject: Subject, batch: int, chunks: int, seed: int) -> tuple[Tensor, Pool]:
    """Contexts (B, K, D) and a pool of N chunks, of which each has one or more candidates."""
    vectors = unit(normal(seed, chunks, SHAPE.dim))
    candidates = normal(seed + 2, batch, chunks) > 0
    candidates[:, 0] = True
    context = Contexts(batch=batch, seed=seed).tensor()
    return context, pool_of(subject, context, vectors, candidates)


def pool_of(
    subject: Subject,
    context: Tensor,
    vectors: Tensor,
    candidates: Tensor,
    order: Tensor | None = None,
    turn: Tensor | None = None,
) -> Pool:
    """A pool of ``vectors`` (N, D) or (B, N, D) for contexts (B, K, D).

    Args:
        order: of the rows that all these chunks have in their store; None is as they come.
        turn: (D, D') what the chunks of the store are multiplied with.
    """
    reads = reads_of(subject)
    turned = vectors if turn is None else vectors @ turn
    if not reads:
        return Pool(turned, candidates)
    every = torch.cat([context.detach().flatten(0, -2), vectors.flatten(0, -2)])
    order = torch.arange(len(every)) if order is None else order
    source = MadeSource(split_of([every[order].numpy()]), turn)
    rows, size = order.argsort(), context[..., 0].numel()
    window = Chunks(rows[:size].view(context.shape[:-1]), source, reads)
    chunks = Chunks(rows[size:].view(vectors.shape[:-1]), source, reads)
    return Pool(turned, candidates, None, window, chunks)


def window_of(subject: Subject, context: Tensor, order: Tensor | None = None) -> Chunks:
    """The chunks (B, K) of contexts (B, K, D), of which a model reads what it declares, in rows of
    their store in this ``order``."""
    vectors = context.detach().flatten(0, -2).float().cpu()
    order = torch.arange(len(vectors)) if order is None else order
    source = MadeSource(split_of([vectors[order].numpy()]))
    return Chunks(order.argsort().view(context.shape[:-1]), source, reads_of(subject))


def reordered(pool: Pool, order: Tensor) -> Pool:
    """The pool with its chunks in another ``order`` (N,)."""
    chunks = pool.chunks and pool.chunks[order]
    vectors, candidates = pool.vectors[order], pool.candidates[:, order]
    return replace(pool, vectors=vectors, candidates=candidates, chunks=chunks)


def of_context(pool: Pool, row: int) -> Pool:
    """The pool of one of the contexts."""
    window, part = pool.window, slice(row, row + 1)
    return replace(pool, candidates=pool.candidates[part], window=window and window[part])

"""Random batches, as training gathers them, and predictions for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lvmctl.core.batch import FIELDS, Batch, Prediction
from lvmctl.data import Windows
from lvmctl.data.batches import BatchBuilder
from lvmctl.data.fields import field_maker
from lvmctl.sphere import cosine, unit
from lvmctl.testing.inputs.splits import split_of

WINDOWS = (1, 4, 2, 7)
"""Windows of each article in turn: some articles are too short for negatives and for a future."""


def random_batch(
    size: int = 8,
    dim: int = 16,
    k: int = 5,
    *,
    horizon: int = 1,
    negatives: int = 4,
    rollout: int = 3,
    seed: int = 0,
    fields: Mapping[str, Callable[..., Any]] = MappingProxyType({}),
    **counts: int,
) -> Batch:
    """B windows of random articles with every field of core, and ``fields``.

    The fields come from the code that builds the batches of a training, so they fit together, and
    chunks of an article have cosines of about one half, as those of books have. A window of one
    chunk has no ``second_last``.

    Args:
        size: B ≥ 1.
        dim: D.
        k: K ≥ 1.
        horizon: h, how far ahead the target is.
        negatives, rollout: M and R.
        seed: of everything random; the same one gives the same batch.
        fields: targets of plugins' batch fields, by name.
        counts: what is asked of these, by name.
    """
    rng = np.random.default_rng(seed)
    articles: list[np.ndarray] = []
    windows = 0
    while windows < size or len(articles) < 2:
        windows += (here := WINDOWS[len(articles) % len(WINDOWS)])
        topic, chunks = rng.standard_normal(dim), rng.standard_normal((k + horizon - 1 + here, dim))
        articles.append(topic + chunks)
    builder = BatchBuilder(
        Windows(split_of(articles), k, horizon),
        FIELDS,
        fields={name: field_maker(target) for name, target in fields.items()},
        negatives=negatives,
        rollout=rollout,
        seed=seed,
        **counts,
    )
    return builder.batch(rng.permutation(windows)[:size])


def random_prediction(batch: Batch, closeness: float = 0.5, seed: int = 0) -> Prediction:
    """A prediction for ``batch`` in which every field is filled, without gradient.

    Args:
        batch: with ``context``, ``target`` and ``future``.
        closeness: cos(q, target), and of each step of the rollout to its own target: 1 is the
            target itself, 0 is at right angles, -1 is opposite.
        seed: of everything random.
    """
    generator = torch.Generator().manual_seed(seed)
    q = towards(batch.target, closeness, generator)
    later = towards(batch.future[:, 1:], closeness, generator)
    return _filled(q, torch.cat([q[:, None], later], dim=1), batch)


def constant_prediction(q: Tensor, batch: Batch) -> Prediction:
    """The prediction of unit ``q`` (B, D), which stays the same when it is fed back."""
    return _filled(q, q[:, None].expand(-1, max(1, batch.future.shape[1]), -1).clone(), batch)


def _filled(q: Tensor, rollout: Tensor, batch: Batch) -> Prediction:
    """Every field: ``raw`` has the direction of q and norms from ½ to 2, ``weights`` favour
    chunks near q, ``scores`` are cosines; there is no rollout where the batch has no future, and
    there are no scores where it has no negatives. Extras are a model's own: there are none."""
    norms = torch.linspace(0.5, 2, len(q))[:, None]
    scores = None
    if "target" in batch and "negatives" in batch:
        asked = torch.cat([batch.target[:, None], batch.negatives], dim=1)
        scores = cosine(asked, q[:, None])
    return Prediction(
        q=q,
        raw=q * norms,
        weights=(4 * cosine(batch.context, q[:, None])).softmax(dim=-1),
        rollout=rollout if batch.future.shape[1] else None,
        scores=scores,
    )


def towards(y: Tensor, closeness: float, generator: torch.Generator) -> Tensor:
    """Unit vectors whose cosine to unit ``y`` (…, D) is ``closeness``, else random; D ≥ 2."""
    aside = torch.randn(y.shape, generator=generator)
    for _ in range(2):  # the second time takes away what rounding left along y
        aside = unit(aside - cosine(aside, y)[..., None] * y)
    return closeness * y + (1 - closeness**2) ** 0.5 * aside

"""5CAT C: what a prediction loses when its window is spoilt (METHODS §3)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from lvmctl.data.store.arrays import unit
from lvmctl.data.windows import Windows
from lvmctl.evaluation.per_window import Column, Columns, difference, rowwise
from lvmctl.evaluation.predictors import Predictor

BATCH = 256
"""Windows at a time: their contexts, spoilt again and again, stay in the cache."""


def ablation_columns(
    windows: Windows,
    predictor: Predictor,
    cos_next: Column,
    index: np.ndarray | None = None,
    seed: int = 0,
) -> Columns:
    """Change in cos(q, y), spoilt minus intact: negative where the predictor used what was spoilt.

    A window costs K + 4 predictions. What is drawn depends on the split, the window and the seed,
    not on ``index`` or the predictor.

    Args:
        windows: the windows of one split.
        predictor: who predicts.
        cos_next: cos(q, y) of its predictions from intact windows, those of ``index`` among them.
        index: (W,) ascending windows; all by default.
        seed: of the shuffles and of the foreign chunks.

    Returns:
        ``ablations.`` and a name of :func:`spoilt`. With K = 1 there is only ``replaced``; in a
        split of one article there is no ``replaced``.
    """
    index = np.arange(len(windows)) if index is None else index
    orders, foreign = shuffled_orders(windows, seed), foreign_rows(windows, seed)
    parts: dict[str, list[np.ndarray]] = {}
    for low in range(0, len(index), BATCH):
        here = index[low : low + BATCH]
        context, target = (torch.from_numpy(x(here)) for x in (windows.context, windows.target))
        order = None if orders is None else orders[here]
        chunk = None if foreign is None else unit(windows.split.vectors[foreign[here]])
        found: dict[str, list[np.ndarray]] = {}
        for name, changed in spoilt(context, order, chunk):
            cosine = rowwise(predictor.ask(changed, target), target.numpy())
            found.setdefault(name, []).append(cosine)
        for name, each in found.items():
            parts.setdefault(name, []).append(np.mean(each, axis=0))
    return {
        f"ablations.{name}": difference(Column(np.concatenate(values), index), cos_next)
        for name, values in parts.items()
    }


def spoilt(
    context: Tensor, order: np.ndarray | None, foreign: np.ndarray | None
) -> Iterator[tuple[str, Tensor]]:
    """Contexts (B, K, D) changed in every way, by name.

    Args:
        context: (B, K, D) intact windows.
        order: (B, K) another order of each; None where K = 1.
        foreign: (B, D) a chunk of another article for each; None where there is none.

    Yields:
        ``shuffled`` into ``order``; ``reversed``; ``padded``, the last chunk in every place;
        ``leave_one_out``, K times: the chunks but one keep their order in the newest places, the
        oldest of them is repeated before it; ``replaced``, the last chunk is ``foreign``.
    """
    k = context.shape[1]
    if order is not None:
        yield "shuffled", context[np.arange(len(context))[:, None], order]
        yield "reversed", context[:, list(reversed(range(k)))]
        yield "padded", context[:, [k - 1] * k]
        for left_out in range(k):
            kept = [place for place in range(k) if place != left_out]
            yield "leave_one_out", context[:, kept[:1] + kept]
    if foreign is not None:
        yield "replaced", torch.cat([context[:, :-1], torch.from_numpy(foreign)[:, None]], dim=1)


def shuffled_orders(windows: Windows, seed: int) -> np.ndarray | None:
    """An order (W, K) of each window's chunks, any but their own alike; None where K = 1."""
    own = np.arange(windows.context_length)
    if len(own) < 2:
        return None
    rng = np.random.default_rng((seed, 0))
    orders = np.tile(own, (len(windows), 1))
    while (same := (orders == own).all(axis=1)).any():
        orders[same] = rng.permuted(orders[same], axis=1)
    return orders


def foreign_rows(windows: Windows, seed: int) -> np.ndarray | None:
    """A row (W,) for each window, any chunk of the split's other articles alike; None if none."""
    starts, lengths = windows.split.starts, windows.split.lengths
    if len(lengths) < 2:
        return None
    ends, own = np.cumsum(lengths), lengths[windows.article]
    drawn = np.random.default_rng((seed, 1)).integers(0, ends[-1] - own)
    drawn += np.where(drawn >= ends[windows.article] - own, own, 0)
    article = np.searchsorted(ends, drawn, side="right")
    return starts[article] + drawn - (ends - lengths)[article]

"""5CAT C: what a prediction loses when its window is perturbed (docs/methods.md#protocol)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from lvmctl.data.store.arrays import unit
from lvmctl.data.windows import Windows
from lvmctl.evaluation.per_window import WindowMetric, WindowMetrics, difference, rowwise
from lvmctl.evaluation.predictors import Predictor
from lvmctl.evaluation.retrieval.ranks import in_article_ranks, in_article_ranks_by_score
from lvmctl.evaluation.statistics.ranking import per_window

BATCH = 256
"""Windows at a time: their contexts, perturbed again and again, stay in the cache."""

RANKED = "mrr@10."
"""What stands before the names of changes in MRR@10."""

PRIMARY = ("filtered",)


def ablation_metrics(
    windows: Windows,
    predictor: Predictor,
    cos_next: WindowMetric,
    index: np.ndarray | None = None,
    seed: int = 0,
    ranked: WindowMetric | None = None,
) -> WindowMetrics:
    """Change in cos(q, y), perturbed minus intact: negative where the predictor used it.

    Of rankers, and of whom they are compared with, the change in MRR@10 too.

    A window costs K + 4 predictions. What is drawn depends on the split, the window and the seed,
    not on ``index`` or the predictor.

    Args:
        cos_next: cos(q, y) of its predictions from intact windows, those of ``index`` among them.
        index: (W,) ascending windows; all by default.
        seed: of the shuffles and of the foreign chunks.
        ranked: MRR@10 of the predictor in the primary pool, from intact windows; its windows are
            ranked from perturbed ones too, in the same pools.

    Returns:
        ``ablations.`` and a name of :func:`perturbed`. With K = 1 there is only ``replaced``; in a
        split of one article there is no ``replaced``. With ``ranked`` the change in it is
        ``ablations.mrr@10.`` and such a name.
    """
    index = np.arange(len(windows)) if index is None else index
    orders, foreign = shuffled_orders(windows, seed), foreign_rows(windows, seed)
    intact = {"": cos_next} if ranked is None else {"": cos_next, RANKED: ranked}
    rows = {
        family: index if metric is cos_next else index[np.isin(index, metric.rows)]
        for family, metric in intact.items()
    }
    parts: dict[tuple[str, str], list[np.ndarray]] = {}
    for low in range(0, len(index), BATCH):
        batch = index[low : low + BATCH]
        context, target = (torch.from_numpy(x(batch)) for x in (windows.context, windows.target))
        order = None if orders is None else orders[batch]
        row = None if foreign is None else foreign[batch]
        chunk = None if row is None else unit(windows.split.vectors[row])
        by_path: dict[tuple[str, str], list[np.ndarray]] = {}
        rows_shown = perturbed(torch.from_numpy(windows.inside(batch)), order, row)
        for (name, changed), (_, shown) in zip(perturbed(context, order, chunk), rows_shown):
            q = predictor.ask(changed, target, windows.at(shown.numpy()))
            by_path.setdefault(("", name), []).append(rowwise(q, target.numpy()))
            if ranked is not None:
                there = np.isin(batch, rows[RANKED])
                values = mrr10(windows, predictor, batch[there], shown.numpy()[there], q[there])
                by_path.setdefault((RANKED, name), []).append(values)
        for path, each in by_path.items():
            parts.setdefault(path, []).append(np.mean(each, axis=0))
    changes = {}
    for (family, name), values in parts.items():
        after = WindowMetric(np.concatenate(values), rows[family])
        changes[f"ablations.{family}{name}"] = difference(after, intact[family])
    return changes


def mrr10(
    windows: Windows, predictor: Predictor, index: np.ndarray, shown: np.ndarray, q: np.ndarray
) -> np.ndarray:
    """MRR@10 (W,) of the targets of the windows ``index`` (W,) in their primary pools, when the
    predictor is shown the chunks with the rows ``shown`` (W, K), from which it predicts ``q``
    (W, D)."""
    if predictor.score is None:
        ranks = in_article_ranks(windows, index, q, PRIMARY)
    else:
        ranks = in_article_ranks_by_score(windows, index, predictor.score, PRIMARY, shown)
    values = per_window(*ranks["filtered"])["mrr@10"]
    return np.where(np.isfinite(q).all(axis=1), values, np.nan)


def perturbed(
    context: Tensor, order: np.ndarray | None, foreign: np.ndarray | None
) -> Iterator[tuple[str, Tensor]]:
    """Contexts (B, K, D), or the rows (B, K) of their chunks, changed in every way, by name.

    Args:
        context: (B, K, …) intact windows.
        order: (B, K) another order of each; None where K = 1.
        foreign: (B, …) a chunk of another article for each; None where there is none.

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
            places = [place for place in range(k) if place != left_out]
            yield "leave_one_out", context[:, places[:1] + places]
    if foreign is not None:
        yield "replaced", torch.cat([context[:, :-1], torch.from_numpy(foreign)[:, None]], dim=1)


def shuffled_orders(windows: Windows, seed: int) -> np.ndarray | None:
    """An order (W, K) of each window's chunks, any but their own alike; None where K = 1."""
    intact = np.arange(windows.context_length)
    if len(intact) < 2:
        return None
    rng = np.random.default_rng((seed, 0))
    orders = np.tile(intact, (len(windows), 1))
    while (same := (orders == intact).all(axis=1)).any():
        orders[same] = rng.permuted(orders[same], axis=1)
    return orders


def foreign_rows(windows: Windows, seed: int) -> np.ndarray | None:
    """A row (W,) for each window, any chunk of the split's other articles alike; None if none."""
    starts, lengths = windows.split.starts, windows.split.lengths
    if len(lengths) < 2:
        return None
    ends, length = np.cumsum(lengths), lengths[windows.article]
    drawn = np.random.default_rng((seed, 1)).integers(0, ends[-1] - length)
    drawn += np.where(drawn >= ends[windows.article] - length, length, 0)
    article = np.searchsorted(ends, drawn, side="right")
    return starts[article] + drawn - (ends - lengths)[article]

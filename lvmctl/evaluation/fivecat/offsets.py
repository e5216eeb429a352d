"""5CAT A: is the target what the prediction is most like, of all chunks near it?
(docs/methods.md#protocol)

Offsets count chunks from the target: 0 is the target, the window is -h … -(K+h-1), the chunks
between window and target are -1 … -(h-1).
"""

from __future__ import annotations

import numpy as np
import torch

from lvmctl.data.store.arrays import unit, unit64
from lvmctl.data.windows import Windows
from lvmctl.evaluation.per_window import WindowMetric, WindowMetrics, difference
from lvmctl.evaluation.retrieval.blocks import slices
from lvmctl.evaluation.retrieval.ranks import NEAR
from lvmctl.evaluation.retrieval.ties import sign

BATCH = 64
"""Windows per product. Neighbours share most of their chunks, so few windows need few of them."""

AHEAD = 3
"""Offsets after the target."""

SEED, STRICT = (-1,), (-3, -2, -1, 1, 2, 3)
"""Offsets that the target is compared with by the published rule and by the profile ``strict``."""


def swept_offsets(context_length: int, horizon: int) -> range:
    """Offsets of the sweep: from three chunks before the window to three after the target."""
    return range(-context_length - horizon - 2, AHEAD + 1)


def window_offsets(context_length: int, horizon: int) -> range:
    """Offsets of the chunks that the prediction was made from, oldest first."""
    return range(1 - context_length - horizon, 1 - horizon)


def outside_offsets(context_length: int, horizon: int) -> list[int]:
    """Offsets of the sweep that are neither the target's nor the window's, ascending: 5 + h."""
    inside = {0, *window_offsets(context_length, horizon)}
    return [k for k in swept_offsets(context_length, horizon) if k not in inside]


def offset_sweep(windows: Windows, q: np.ndarray) -> dict[int, WindowMetric]:
    """cos(q, x_{target+k}) of predictions ``q`` (W, D) float32 by offset k: for each k of
    :func:`swept_offsets`, ascending, the windows whose article holds that chunk; an offset that no
    window has is left out.
    """
    index = np.arange(len(windows))
    offsets = np.array(swept_offsets(windows.context_length, windows.horizon))
    cosine = np.full((len(index), len(offsets)), np.nan)
    has_chunks = np.zeros(cosine.shape, bool)
    for part in slices(len(index), BATCH):
        rows, has_chunks[part] = rows_at(windows, index[part], offsets)
        distinct, place = np.unique(rows, return_inverse=True)
        chunks = torch.from_numpy(unit(windows.split.vectors[distinct]))
        scores = (torch.from_numpy(q[part]) @ chunks.T).numpy()
        cosine[part] = np.take_along_axis(scores, place.reshape(rows.shape), axis=1)
    return {
        int(k): WindowMetric(values[has_chunk], index[has_chunk])
        for k, values, has_chunk in zip(offsets, cosine.T, has_chunks.T)
        if has_chunk.any()
    }


def rows_at(
    windows: Windows, index: np.ndarray, offsets: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Rows (B, S) of the chunks ``offsets`` (S,) away from the targets, and where there is one.

    Where there is none the row is the target's.
    """
    target = windows.target_offset
    # A store of separate windows leaves out the chunks between a window and its target.
    left_out = windows.context_length - 1 + windows.horizon - target
    away = offsets + np.where(offsets < 0, left_out, 0)
    stored = (offsets >= 0) | (away < 0)
    at = windows.position[index][:, None] + target + away
    length = windows.split.lengths[windows.article[index]][:, None]
    there = stored & (at >= 0) & (at < length)
    return windows.rows[index][:, None] + target + np.where(there, away, 0), there


def rivals(windows: Windows, sweep: dict[int, WindowMetric]) -> dict[str, int]:
    """The offset that the target is compared with, by rule.

    It is the best of those the rule allows: where the mean margin of the target, over the windows
    that have the chunk, is smallest; of equals (to 1e-6) the nearest. A rule none of whose offsets
    exists is left out.

    Returns:
        ``seed`` (always -1), ``strict`` (of -3 … 3) and ``fair`` (of the whole sweep but the
        window).
    """
    outside = outside_offsets(windows.context_length, windows.horizon)
    allowed = {"seed": SEED, "strict": STRICT, "fair": outside}

    def order(k: int) -> tuple[float, int]:
        margin = difference(sweep[0], sweep[k]).mean()
        # Rounded, or float32 would break ties. What is not a number is the worst margin.
        return -np.inf if np.isnan(margin) else round(margin, 6), abs(k)

    candidates = {rule: [k for k in offsets if k in sweep] for rule, offsets in allowed.items()}
    return {rule: min(offsets, key=order) for rule, offsets in candidates.items() if offsets}


def offset_metrics(
    windows: Windows, q: np.ndarray, sweep: dict[int, WindowMetric]
) -> WindowMetrics:
    """5CAT A of predictions ``q`` (W, D) by every rule, window by window, from their
    :func:`offset_sweep`.

    Returns:
        ``offsets.seed``, ``offsets.strict`` and ``offsets.fair``, the margin of the target over its
        rival (:func:`rivals`); and ``offsets.accuracy`` with ``offsets.chance_accuracy``
        (:func:`offset_accuracy`), which are left out where no window has every offset.
    """
    margins = {
        f"offsets.{rule}": difference(sweep[0], sweep[k])
        for rule, k in rivals(windows, sweep).items()
    }
    accuracy = offset_accuracy(windows, q, sweep)
    if not len(accuracy.rows):
        return margins
    chance = 1 / (1 + len(outside_offsets(windows.context_length, windows.horizon)))
    chances = WindowMetric(np.full(len(accuracy.rows), chance), accuracy.rows)
    return margins | {"offsets.accuracy": accuracy, "offsets.chance_accuracy": chances}


def offset_accuracy(
    windows: Windows, q: np.ndarray, sweep: dict[int, WindowMetric]
) -> WindowMetric:
    """Whether the target is what q is most like, of all chunks near it outside the window: the fair
    rule of 5CAT A (docs/methods.md#protocol).

    Only windows that have a chunk at every one of :func:`outside_offsets` are counted, so that
    chance is one over their number and the target, 1/(6 + h), for each of them.

    Returns:
        1 where no such chunk has a higher cosine to q than the target, ½ where one or more have the
        same, 0 where any has a higher one; NaN where q is not a number. Cosines within 2e-6 are
        compared in float64. No rows where no window has every offset.
    """
    outside = outside_offsets(windows.context_length, windows.horizon)
    if not all(k in sweep for k in outside):
        return WindowMetric(np.empty(0), np.empty(0, np.int64))
    at_target = sweep[0]
    every = np.concatenate([sweep[k].rows for k in outside])
    rows, times = np.unique(every, return_counts=True)
    rows = rows[times == len(outside)]
    place = np.searchsorted(at_target.rows, rows)
    cosines = [sweep[k].values[np.searchsorted(sweep[k].rows, rows)] for k in outside]
    gap = np.stack(cosines, axis=1) - at_target.values[place][:, None]
    window, which = np.nonzero(np.abs(gap) <= NEAR)
    if len(window):
        near, _ = rows_at(windows, rows[window], np.array(outside))
        near = near[np.arange(len(window)), which]
        vectors, target = windows.split.vectors, windows.rows[rows[window]] + windows.target_offset
        exact = unit64(vectors[near]) - unit64(vectors[target])
        exact_gap = (exact * q[place[window]].astype(np.float64)).sum(axis=1)
        gap[window, which] = sign(exact_gap)
    values = np.where((gap > 0).any(axis=1), 0.0, np.where((gap == 0).any(axis=1), 0.5, 1.0))
    return WindowMetric(np.where(np.isnan(at_target.values[place]), np.nan, values), rows)

"""5CAT D: predictions from predictions (docs/methods.md#protocol)."""

from __future__ import annotations

import numpy as np
import torch

from lvmctl.data.store.arrays import unit
from lvmctl.data.windows import Windows
from lvmctl.evaluation.per_window import WindowMetric, WindowMetrics, rowwise
from lvmctl.evaluation.predictors import Predictor
from lvmctl.evaluation.retrieval.blocks import slices

BATCH = 256


def rollout_metrics(
    windows: Windows,
    predictor: Predictor,
    q: np.ndarray,
    index: np.ndarray | None = None,
    steps: int = 5,
) -> WindowMetrics:
    """Cosines to the true chunks of predictions that are fed back.

    After each prediction the context drops its oldest chunk and takes q as its newest. The j-th
    prediction is compared with the chunk j·h after the window, x_{s+K-1+j·h}: each says where the
    sequence is h chunks on from the newest it sees, so with h > 1 those fed back are h chunks apart
    while those of the article are neighbours. An oracle is shown the chunk it is compared with.

    Args:
        q: (W, D) float32 its predictions for all windows, the first step.
        index: (W,) ascending windows; all by default.
        steps: H ≥ 1.

    Returns:
        ``rollout.step_1`` … ``rollout.step_H`` and their mean per window, ``rollout.mean``, on the
        windows whose article has all H chunks; nothing where there is none.
    """
    index = np.arange(len(windows)) if index is None else index
    ahead = windows.target_offset + windows.horizon * np.arange(steps)
    remaining = windows.split.lengths[windows.article] - windows.position
    index = index[remaining[index] > ahead[-1]]
    if not len(index):
        return {}
    cosine = np.empty((steps, len(index)))
    for part in slices(len(index), BATCH):
        batch = index[part]
        context = torch.from_numpy(windows.context(batch))
        for step, distance in enumerate(ahead):
            truth = unit(windows.split.vectors[windows.rows[batch] + distance])
            next_ = predictor.ask(context, torch.from_numpy(truth)) if step else q[batch]
            cosine[step, part] = rowwise(next_, truth)
            context = torch.cat([context[:, 1:], torch.from_numpy(next_)[:, None]], dim=1)
    cosines = {f"step_{step}": values for step, values in enumerate(cosine, start=1)}
    cosines["mean"] = cosine.mean(axis=0)
    return {f"rollout.{name}": WindowMetric(values, index) for name, values in cosines.items()}

"""How long an evaluation will take, told from a few of its chunks before it starts."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from lvmctl.data.windows import Windows
from lvmctl.evaluation.measure import Protocol, ranks_by
from lvmctl.evaluation.predictors import Predictor

CHUNKS = 4096
"""Chunks of a trial."""

QUICK = 2e9
"""Windows times chunks, of all predictors, that take less than a minute on any machine."""

ROLLED = 4
"""Predictions of a window in test D, besides the one that is made anyway."""


def expected_seconds(
    windows: Windows, predictors: Sequence[Predictor], protocol: Protocol
) -> float | None:
    """Seconds that measuring ``predictors`` takes, from a trial on a few chunks.

    Returns:
        None where there is so little to do that no trial is worth its time.
    """
    inside, among = pairs(windows, protocol)
    if len(predictors) * (inside + among + len(windows) * CHUNKS) < QUICK:
        return None
    few = first_chunks(windows)
    few_inside, few_among = pairs(few, protocol)
    asked = asked_again(windows, protocol)
    total = 0.0
    for predictor in predictors:
        predictor(few, np.arange(1))  # the first call of a model takes longer
        seconds, q = timed(predictor, few)
        causal = predictor.kind != "oracle"
        total += seconds * (len(windows) + (asked if causal else 0)) / len(few)
        if few_inside:
            near = replace(protocol, everywhere=False)
            seconds, _ = timed(ranks_by, few, predictor.score, q, near)
            total += seconds * inside / few_inside
        if protocol.everywhere:
            far = replace(protocol, pools=())
            seconds, _ = timed(ranks_by, few, predictor.score, q, far)
            total += seconds * among / few_among
    return total


def pairs(windows: Windows, protocol: Protocol) -> tuple[int, int]:
    """Windows times chunks that they are ranked among: in their articles, and in all."""
    length = windows.split.lengths[windows.article]
    inside = int(length[length >= protocol.min_article].sum())
    split = windows.split.whole or windows.split
    return inside, len(windows) * split.chunks if protocol.everywhere else 0


def asked_again(windows: Windows, protocol: Protocol) -> int:
    """Predictions from changed windows, of which C makes K + 4 each."""
    changed = len(windows) if protocol.perturbed is None else len(protocol.perturbed)
    each = (windows.context_length + 4) * ("C" in protocol.tests)
    return changed * (each + ROLLED * ("D" in protocol.tests))


def first_chunks(windows: Windows) -> Windows:
    """The windows of about the first :data:`CHUNKS` chunks of articles that have some."""
    articles, ahead = np.unique(windows.article), windows.context_length + windows.horizon
    ends = np.cumsum(windows.split.lengths[articles])
    part = windows.split.take(articles[: int(np.searchsorted(ends, CHUNKS)) + 1])
    left = CHUNKS - int(part.lengths[:-1].sum())
    last = part.lengths[-1] if part.separate else min(part.lengths[-1], max(left, ahead))
    lengths = np.append(part.lengths[:-1], last)
    cut = replace(part, lengths=lengths, whole=None)
    return Windows(cut, windows.context_length, windows.horizon)


def timed(task: Callable[..., Any], *arguments: Any) -> tuple[float, Any]:
    """Seconds that a call takes, and what it returns."""
    begin = time.perf_counter()
    result = task(*arguments)
    return time.perf_counter() - begin, result

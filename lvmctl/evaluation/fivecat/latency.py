"""Time per query, measured side by side in one process (docs/methods.md#profiles)."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lvmctl.core.batch import Pool
from lvmctl.core.chunks import Chunks
from lvmctl.data.windows import Windows
from lvmctl.evaluation.gates.bounds import Estimate
from lvmctl.evaluation.predictors import Predictor
from lvmctl.evaluation.trained import Trained
from lvmctl.registry import Entry, Registry
from lvmctl.registry.faults import attribute_errors
from lvmctl.registry.verdict_specs import VerdictGate

BLOCKS = {1: (20, 10), 256: (12, 1)}
"""By batch size: how many blocks, and how often each caller is timed in one."""

WARM_UP = 3
LEVEL = 0.95
POOL = 50
"""Candidates a ranker's own score is timed on."""

REFERENCE = "core/free"
"""The model that a run is timed beside where no gate names one."""


def reference_of(registry: Registry, gates: Iterable[VerdictGate]) -> Entry:
    """The model that the ``gates`` compare a run's time with."""
    named = next((gate.reference for gate in gates if gate.reference), REFERENCE)
    return registry.get("model", named)


def latency(
    registry: Registry, trained: Trained, predictor: Predictor, windows: Windows, beside: Entry
) -> dict[str, Any]:
    """Milliseconds per call of a run and of another model of the same size, taken in turn.

    Args:
        registry: resolves that model.
        trained, predictor: the run.
        windows: where the contexts come from.
        beside: the other model, see :func:`reference_of`.

    The run and the other model are timed in blocks: within one they take turns, so that whatever
    else the machine does slows both, and a block's ratio is that of their medians in it. A busy
    machine scatters the blocks' ratios, which widens the interval of their median.

    Returns:
        ``batch_1`` and ``batch_256``, each with ``p50`` and ``p95`` of the run, of the
        ``reference`` and, for a ranker, of its ``score`` over 50 candidates, over all blocks.
        ``ratios``, for each batch size the median over blocks of the run's time, the score
        included, to the reference's (``value``) with its interval (``ci``, see
        :func:`median_interval`). ``ratio`` and ``ratio_ci``, the larger of the two values and the
        larger of either end.
    """
    callers: dict[str, Callable[[Tensor], object]] = {
        "query": asking(predictor, windows),
        "reference": reference(registry, trained, windows.split.dim, beside),
    }
    if predictor.score is not None:
        callers["score"] = ranking(predictor, windows)
    named = f"{beside.name} model of the same size"
    result: dict[str, Any] = {"unit": "ms per call", "reference": named}
    ratios = {}
    for batch, (blocks, rounds) in BLOCKS.items():
        index = np.arange(batch) % len(windows)
        times = measure(callers, torch.from_numpy(windows.context(index)), blocks, rounds)
        result[f"batch_{batch}"] = {
            name: {"p50": float(np.median(each)), "p95": float(np.quantile(each, 0.95))}
            for name, each in times.items()
        }
        ratios[f"batch_{batch}"] = ratio(times)
    ends = zip(*(each["ci"] for each in ratios.values()))
    return result | {
        "ratios": ratios,
        "ratio": max(each["value"] for each in ratios.values()),
        "ratio_ci": [max(each) for each in ends],
    }


def ratio_of(times: Mapping[str, Any]) -> Estimate:
    """The ratio that :func:`latency` found, with its interval."""
    return Estimate(times["ratio"], *times["ratio_ci"])


def measure(
    callers: Mapping[str, Callable[[Tensor], object]], context: Tensor, blocks: int, rounds: int
) -> dict[str, np.ndarray]:
    """Milliseconds (blocks, rounds) of each caller on ``context``; they take turns, and the one
    that comes first changes."""
    names = list(callers)
    times = {name: np.empty((blocks, rounds)) for name in names}
    with torch.inference_mode():
        for call in [*callers.values()] * WARM_UP:
            call(context)
        for number in range(blocks * rounds):
            first = number % len(names)
            for name in names[first:] + names[:first]:
                begin = time.perf_counter()
                callers[name](context)
                elapsed = time.perf_counter() - begin
                times[name][divmod(number, rounds)] = elapsed * 1e3
    return times


def ratio(times: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """How many times the reference's time a run takes, from times (blocks, rounds) by caller: the
    median over blocks, and its interval.
    """
    medians = {name: np.median(each, axis=1) for name, each in times.items()}
    each = (medians["query"] + medians.get("score", 0.0)) / medians["reference"]
    return {"value": float(np.median(each)), "ci": list(median_interval(each))}


def median_interval(values: np.ndarray) -> tuple[float, float]:
    """An interval of the median, whatever the distribution: the order statistics between which it
    lies with a probability of at least :data:`LEVEL`, by the binomial distribution of how many of n
    values are below it. Of fewer than six values, which cannot say so at 95 %, the extremes."""
    ordered, count = np.sort(values), len(values)
    tails = np.cumsum([math.comb(count, below) for below in range(count)]) / 2.0**count
    place = max(0, int(np.searchsorted(2 * tails, 1 - LEVEL, side="right")) - 1)
    return float(ordered[place]), float(ordered[count - 1 - place])


def reference(
    registry: Registry, trained: Trained, dim: int, beside: Entry
) -> Callable[[Tensor], Tensor]:
    """For chunks of width ``dim``: the model ``beside`` with the run's options where it has them,
    untrained."""
    run_options, make = trained.plan.model.options, registry.resolve(beside)
    names = {field.name for field in dataclasses.fields(beside.record.options)}
    options = {name: getattr(run_options, name) for name in names if hasattr(run_options, name)}
    with attribute_errors(beside):
        model = make(beside.record.options(**options), trained.plan.shape(dim)).eval()
    return lambda context: model(context).q


def asking(predictor: Predictor, windows: Windows) -> Callable[[Tensor], Tensor]:
    """A call that predicts for each context."""
    if not predictor.q_reads:
        return predictor.call
    return lambda context: predictor.call(context, shown(windows, context))


def shown(windows: Windows, context: Tensor) -> Chunks:
    """The chunks of so many contexts (B, K, D) as are timed."""
    return windows.at(windows.inside(np.arange(len(context)) % len(windows)))


def ranking(predictor: Predictor, windows: Windows) -> Callable[[Tensor], Tensor]:
    """A call that scores a pool of chunks for each context."""
    split = windows.split
    rows = np.concatenate([np.arange(s, s + n) for s, n in zip(split.starts, split.lengths)][:POOL])
    chunks = torch.from_numpy(np.stack([split.unit_rows(row, row + 1)[0] for row in rows[:POOL]]))

    listed = windows.at(rows[:POOL])

    def call(context: Tensor) -> Tensor:
        every = torch.ones(len(context), len(chunks), dtype=torch.bool)
        return predictor.score(context, Pool(chunks, every, None, shown(windows, context), listed))

    return call

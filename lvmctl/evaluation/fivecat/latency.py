"""Time per query, measured side by side in one process (METHODS §3, ship)."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lvmctl.core.batch import Pool
from lvmctl.data.windows import Windows
from lvmctl.evaluation.predictors import Predictor
from lvmctl.evaluation.trained import Trained
from lvmctl.registry import Entry, Registry
from lvmctl.registry.faults import attribute_errors
from lvmctl.registry.verdict_specs import VerdictGate

BATCHES = (1, 256)
ROUNDS = {1: 200, 256: 12}
WARM_UP = 3
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

    Returns:
        ``batch_1`` and ``batch_256``, each with ``p50`` and ``p95`` of the run, of the
        ``reference`` and, for a ranker, of its ``score`` over 50 candidates; and ``ratio``, the
        larger of the two ratios of medians, the score included.
    """
    callers: dict[str, Callable[[Tensor], object]] = {
        "query": predictor.call,
        "reference": reference(registry, trained, beside),
    }
    if predictor.score is not None:
        callers["score"] = ranking(predictor, windows)
    named = f"{beside.name} model of the same size"
    found: dict[str, Any] = {"unit": "ms per call", "reference": named}
    ratios = []
    for batch in BATCHES:
        index = np.arange(batch) % len(windows)
        timed = measure(callers, torch.from_numpy(windows.context(index)), ROUNDS[batch])
        own = timed["query"]["p50"] + timed.get("score", {}).get("p50", 0.0)
        ratios.append(own / timed["reference"]["p50"])
        found[f"batch_{batch}"] = timed
    return found | {"ratio": max(ratios)}


def measure(
    callers: Mapping[str, Callable[[Tensor], object]], context: Tensor, rounds: int
) -> dict[str, dict[str, float]]:
    """p50 and p95 in milliseconds of each caller on ``context``, interleaved."""
    times: dict[str, list[float]] = {name: [] for name in callers}
    with torch.inference_mode():
        for number in range(-WARM_UP, rounds):
            for name, call in callers.items():
                begin = time.perf_counter()
                call(context)
                if number >= 0:
                    times[name].append((time.perf_counter() - begin) * 1e3)
    return {
        name: {"p50": float(np.median(each)), "p95": float(np.quantile(each, 0.95))}
        for name, each in times.items()
    }


def reference(registry: Registry, trained: Trained, beside: Entry) -> Callable[[Tensor], Tensor]:
    """The model ``beside`` with the run's options where it has them, untrained."""
    own, make = trained.plan.model.options, registry.resolve(beside)
    names = {field.name for field in dataclasses.fields(beside.record.options)}
    options = {name: getattr(own, name) for name in names if hasattr(own, name)}
    with attribute_errors(beside):
        model = make(beside.record.options(**options), trained.plan.shape(trained.dim)).eval()
    return lambda context: model(context).q


def ranking(predictor: Predictor, windows: Windows) -> Callable[[Tensor], Tensor]:
    """A call that scores a pool of chunks for each context."""
    split = windows.split
    rows = np.concatenate([np.arange(s, s + n) for s, n in zip(split.starts, split.lengths)][:POOL])
    chunks = torch.from_numpy(np.stack([split.unit_rows(row, row + 1)[0] for row in rows[:POOL]]))

    def call(context: Tensor) -> Tensor:
        every = torch.ones(len(context), len(chunks), dtype=torch.bool)
        return predictor.score(context, Pool(chunks, every))

    return call

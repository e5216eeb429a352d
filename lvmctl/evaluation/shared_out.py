"""Predictors measured by the processes of a job together: each measures some of them, and all count
the chunks of the global pool, a part of them each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from lvmctl import processes
from lvmctl.core.errors import PluginError
from lvmctl.data.windows import Windows
from lvmctl.evaluation.measure import Pair, PredictorMetrics, Protocol, measure
from lvmctl.evaluation.predictors import Predictor
from lvmctl.evaluation.retrieval.global_ranks import global_ranks

Measured = PredictorMetrics | PluginError
"""What a predictor did, or why a plugin's failed."""


def measure_all(
    windows: Windows,
    predictors: Sequence[Predictor],
    protocol: Protocol,
    known: Mapping[str, np.ndarray],
) -> Iterator[Measured]:
    """What each predictor did, in their order, in every process.

    A predictor is measured in one process from its first call to its last, and the chunks above a
    target are counted exactly: the figures are those of one process.

    Args:
        known: predictions (W, D) by name, which are not made again.
    """
    for low in range(0, len(predictors), processes.size()):
        turn = predictors[low : low + processes.size()]
        yield from _one_each(windows, turn, protocol, known)


def _one_each(
    windows: Windows,
    turn: Sequence[Predictor],
    protocol: Protocol,
    known: Mapping[str, np.ndarray],
) -> list[Measured]:
    """What predictors did, of which each process measures one; the last may have none."""
    mine = turn[processes.rank()] if processes.rank() < len(turn) else None
    q, fault = None, None
    try:
        if mine is not None:
            q = known.get(mine.name)
            q = mine(windows) if q is None else q
    except PluginError as error:
        fault = error
    faults = processes.gather(fault)
    ranks: Pair | None = None
    for owner, predictor in enumerate(turn):
        if protocol.everywhere and predictor.by_cosine and faults[owner] is None:
            shared = processes.from_process(owner, q)
            pair = global_ranks(windows, np.arange(len(windows)), shared, shared=True)
            ranks = pair if predictor is mine else ranks
    done: PluginError | tuple | None = fault
    if mine is not None and fault is None:
        try:
            measured = measure(windows, mine, protocol, q, ranks)
            # A predictor may be of any code, which need not travel between processes.
            done = measured.metrics, measured.ranks, measured.sweep
        except PluginError as error:
            done = error
    return [
        result if isinstance(result, PluginError) else PredictorMetrics(predictor, *result)
        for result, predictor in zip(processes.gather(done), turn)
    ]

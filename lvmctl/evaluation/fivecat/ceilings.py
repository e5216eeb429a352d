"""What a run is held against: its class's largest margins, and ceilings of plugins' metrics."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

import numpy as np
import torch

from lvmctl.data.windows import Windows
from lvmctl.evaluation.eval_data import EvalData
from lvmctl.evaluation.gates.ceilings import reach
from lvmctl.evaluation.metric_table import MetricTable
from lvmctl.evaluation.per_window import WindowMetric, WindowMetrics, previous_rows
from lvmctl.evaluation.retrieval.blocks import slices
from lvmctl.registry import Registry
from lvmctl.registry.faults import attribute_errors
from lvmctl.registry.specs import Geometry
from lvmctl.sphere import largest_margin

BATCH = 1024


def margin_ceilings(windows: Windows, geometry: Geometry) -> WindowMetrics:
    """``margin.P`` for each named previous: the largest q·(y - p) over all q of a class.

    They see the target, window by window, and each is reached at the cost of the others and of
    the cosine.
    """
    ceilings = {}
    for name, rows in previous_rows(windows).items():
        values = np.empty(len(rows))
        for part in slices(len(rows), BATCH):
            batch = rows[part]
            chunks = windows.context(batch), windows.target(batch), windows.previous(name, batch)
            best = largest_margin(geometry, *map(torch.from_numpy, chunks))
            values[part] = best.double().numpy()
        ceilings[f"margin.{name}"] = WindowMetric(values, rows)
    return ceilings


def add_ceilings(
    registry: Registry,
    metric_tables: dict[str, MetricTable],
    geometry: Geometry,
    data: EvalData,
    logged: Container[str],
) -> None:
    """Add the ceilings of a class: the largest margins, and those of the metrics ``logged``.

    Raises:
        PluginError: the ceiling of a plugin's metric fails, or is not one value for each window.
    """
    kind = reach(geometry)
    for metric_table in metric_tables.values():
        metric_table.ceilings[f"{kind}-margin-ceiling"] = margin_ceilings(
            metric_table.windows, kind
        )
    for entry in registry.entries("metric"):
        metric, val = entry.record, data.val
        if metric.ceiling and metric.name in logged and data.train is not None:
            measure = registry.resolve(entry)
            with attribute_errors(entry):
                values = np.asarray(measure(data.train, val), dtype=np.float64)
                if values.shape != (len(val),):
                    raise TypeError(f"a ceiling has {len(val)} values, not {values.shape}")
            ceiling = WindowMetric(values, np.arange(len(val)))
            metric_tables["val"].ceilings[metric.ceiling] = {metric.name: ceiling}


def known_metrics(registry: Registry, logged: Container[str]) -> dict[str, Any]:
    """What plugins say of the metrics ``logged`` that guessing or a ceiling stands beside."""
    specs = (entry.record for entry in registry.entries("metric"))
    return {
        spec.name: {"chance": spec.chance, "ceiling": spec.ceiling or None}
        for spec in specs
        if spec.name in logged and (spec.chance is not None or spec.ceiling)
    }

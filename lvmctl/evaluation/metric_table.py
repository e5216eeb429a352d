"""All predictors on one split: metrics with intervals, and differences window by window."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from lvmctl.core.errors import UsageError
from lvmctl.data.windows import Windows
from lvmctl.evaluation.gates.bounds import Estimate
from lvmctl.evaluation.measure import PredictorMetrics, Protocol, measure
from lvmctl.evaluation.per_window import WindowMetric, WindowMetrics, difference
from lvmctl.evaluation.predictors import Predictor
from lvmctl.evaluation.statistics.intervals import Resampling
from lvmctl.evaluation.summary import summary, with_intervals


class MetricTable:
    """What several predictors did on the same windows.

    Args:
        protocol: what is measured.
        seed: of the resampled articles; all metrics of a metric_table share the draws.

    Attributes:
        measured: by predictor.
        ceilings: metrics of bounds that no predictor reaches in all metrics at once, by name.
    """

    def __init__(self, windows: Windows, protocol: Protocol, seed: int = 0) -> None:
        self.windows, self.protocol = windows, protocol
        self.resampling = Resampling(len(windows.split.articles), seed)
        self.measured: dict[str, PredictorMetrics] = {}
        self.ceilings: dict[str, WindowMetrics] = {}

    def add(self, predictor: Predictor, q: np.ndarray | None = None) -> None:
        """Measure ``predictor``, whose predictions ``q`` (W, D) may be known, and put it here."""
        self.put(measure(self.windows, predictor, self.protocol, q))

    def put(self, measured: PredictorMetrics) -> None:
        """Take what was measured of a predictor.

        Raises:
            UsageError: there is one of that name.
        """
        name = measured.predictor.name
        if name in self.measured:
            hint = "rename the run or the recipe"
            raise UsageError(f"two predictors are called {name!r}", hint=hint)
        self.measured[name] = measured

    def metric(self, name: str, path: str) -> WindowMetric | None:
        """A predictor's metric window by window, None where it has none."""
        measured = self.measured.get(name)
        metrics = self.ceilings.get(name, {}) if measured is None else measured.metrics
        return metrics.get(path)

    def estimate(self, name: str, path: str) -> Estimate | None:
        """A predictor's metric with its interval, None where it has none."""
        return self.of_metric(self.metric(name, path))

    def difference(
        self, name: str, other: str, path: str, table: MetricTable | None = None
    ) -> Estimate | None:
        """``name`` minus ``other``, measured here or in ``table`` on windows that are numbered
        alike, on the windows that both count."""
        pair = self.metric(name, path), (table or self).metric(other, path)
        return None if None in pair else self.of_metric(difference(*pair))

    def of_metric(self, metric: WindowMetric | None) -> Estimate | None:
        """The mean of a metric and its interval, None where it counts no window."""
        if metric is None or not len(metric.rows):
            return None
        interval = self.resampling.interval(metric.values, self.windows.article[metric.rows])
        return Estimate(metric.mean(), *interval, len(metric.rows))

    def differences(
        self, name: str, other: str, paths: Sequence[str], table: MetricTable | None = None
    ) -> dict[str, Any]:
        """:meth:`difference` in each of ``paths`` that both have, as plain data with the p value of
        the article sign-flip test."""
        by_path = {}
        for path in paths:
            estimate = self.difference(name, other, path, table)
            if estimate is not None:
                pair = self.metric(name, path), (table or self).metric(other, path)
                values, rows = difference(*pair)
                p = self.resampling.sign_flip(values, self.windows.article[rows])
                by_path[path] = estimate.counted() | {"p": p}
        return by_path

    def record(self) -> dict[str, Any]:
        """Windows, articles, every predictor's tree of metrics, and the ceilings'."""
        return {
            "windows": len(self.windows),
            "articles": len(self.windows.split.articles),
            "predictors": {
                name: {"kind": measured.predictor.kind}
                | ({"reads": list(reads)} if (reads := measured.predictor.reads) else {})
                | summary(self.windows, measured, self.resampling)
                for name, measured in self.measured.items()
            },
            "ceilings": {
                name: with_intervals(self.windows, metrics, self.resampling)
                for name, metrics in self.ceilings.items()
            },
        }

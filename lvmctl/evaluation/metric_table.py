"""All predictors on one split: figures with intervals, and differences window by window."""

from __future__ import annotations

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
        windows: the windows of one split.
        protocol: what is measured.
        seed: of the resampled articles; all figures of a metric_table share the draws.

    Attributes:
        measured: by predictor.
        ceilings: columns of bounds that no predictor reaches in all figures at once, by name.
    """

    def __init__(self, windows: Windows, protocol: Protocol, seed: int = 0) -> None:
        self.windows, self.protocol = windows, protocol
        self.resampling = Resampling(len(windows.split.articles), seed)
        self.measured: dict[str, PredictorMetrics] = {}
        self.ceilings: dict[str, WindowMetrics] = {}

    def add(self, predictor: Predictor, q: np.ndarray | None = None) -> None:
        """Measure ``predictor``, whose predictions ``q`` (W, D) may be known.

        Raises:
            UsageError: there is one of that name.
        """
        if predictor.name in self.measured:
            raise UsageError(
                f"two predictors are called {predictor.name!r}", hint="rename the run or the recipe"
            )
        self.measured[predictor.name] = measure(self.windows, predictor, self.protocol, q)

    def column(self, name: str, path: str) -> WindowMetric | None:
        """A predictor's figure window by window, None where it has none."""
        measured = self.measured.get(name)
        columns = self.ceilings.get(name, {}) if measured is None else measured.columns
        return columns.get(path)

    def estimate(self, name: str, path: str) -> Estimate | None:
        """A predictor's figure with its interval, None where it has none."""
        return self.of_column(self.column(name, path))

    def difference(self, name: str, other: str, path: str) -> Estimate | None:
        """``name`` minus ``other`` on the windows that both count."""
        pair = self.column(name, path), self.column(other, path)
        return None if None in pair else self.of_column(difference(*pair))

    def of_column(self, column: WindowMetric | None) -> Estimate | None:
        """The mean of a column and its interval, None where it counts no window."""
        if column is None or not len(column.rows):
            return None
        interval = self.resampling.interval(column.values, self.windows.article[column.rows])
        return Estimate(column.mean(), *interval, len(column.rows))

    def p_value(self, name: str, other: str, path: str) -> float | None:
        """Article sign-flip test of the difference."""
        pair = self.column(name, path), self.column(other, path)
        if None in pair:
            return None
        values, rows = difference(*pair)
        return self.resampling.sign_flip(values, self.windows.article[rows])

    def record(self) -> dict[str, Any]:
        """Windows, articles, every predictor's tree of figures, and the ceilings'."""
        return {
            "windows": len(self.windows),
            "articles": len(self.windows.split.articles),
            "predictors": {
                name: {"kind": measured.predictor.kind}
                | summary(self.windows, measured, self.resampling)
                for name, measured in self.measured.items()
            },
            "ceilings": {
                name: with_intervals(self.windows, columns, self.resampling)
                for name, columns in self.ceilings.items()
            },
        }

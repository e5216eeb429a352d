"""What `diagnose direction` measures, before it is put into words."""

from __future__ import annotations

from dataclasses import dataclass

from lvmctl.diagnostics.data.arrow.antisymmetry import Antisymmetry
from lvmctl.diagnostics.data.arrow.arrow_classifier import ArrowAccuracy
from lvmctl.diagnostics.data.arrow.lags import LagCosine, Telescoping
from lvmctl.diagnostics.data.arrow.predictability import Predictability
from lvmctl.evaluation.statistics.intervals import Interval


@dataclass(frozen=True)
class Readings:
    """All that is measured; what the articles are too few or too short for is None.

    Attributes:
        articles, chunks: of the store.
        context: K.
        curve: r(k) by lag.
        telescoping: the statistic that cannot show a direction.
        recency: nearness to the neighbour, forward and backward.
        lags: A_k by lag.
        p: of all lags together, at the level it says.
        classifier: windows told from their mirror images.
        network: the same share by a small network.
        predicted: ``ridge`` and ``transformer``, forward and backward.
    """

    articles: int
    chunks: int
    context: int
    curve: dict[int, LagCosine]
    telescoping: Telescoping | None
    recency: dict[str, tuple[float, Interval]] | None
    lags: dict[int, Antisymmetry]
    p: float
    classifier: ArrowAccuracy | None
    network: float | None
    predicted: dict[str, Predictability | None]

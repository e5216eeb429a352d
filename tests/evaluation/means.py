"""The protocol's means of predictions that are made already."""

from __future__ import annotations

from typing import Any

import numpy as np

from lvmctl.data import Windows
from lvmctl.evaluation.measure import Protocol, measure
from lvmctl.evaluation.predictors import Predictor
from lvmctl.evaluation.retrieval.ranks import POOLS
from lvmctl.evaluation.summary import means


def mean_metrics(
    windows: Windows, q: np.ndarray, min_article: int = 20, pools: tuple[str, ...] = POOLS
) -> dict[str, Any]:
    """Cosines, margins and ranks in the article of predictions (W, D), as a tree."""
    protocol = Protocol(pools, everywhere=False, min_article=min_article)
    return means(measure(windows, Predictor("made", lambda context: context), protocol, q))

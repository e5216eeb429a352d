"""Windows of synthetic worlds, some to fit on and some of other articles."""

from __future__ import annotations

import numpy as np
import pytest
from made import split_of

from lvmctl.data import Windows, open_split


def _world(source: str, k: int, h: int = 1) -> tuple[Windows, Windows]:
    split = open_split(f"synth:{source}")
    cut = len(split.lengths) * 3 // 4
    every = np.arange(len(split.lengths))
    return Windows(split.take(every[:cut]), k, h), Windows(split.take(every[cut:]), k, h)


def _windows_of(articles: list[np.ndarray], k: int, h: int = 1) -> Windows:
    lengths = [len(article) for article in articles]
    return Windows(split_of(np.concatenate(articles), lengths), k, h)


def _arrays(windows: Windows) -> tuple[np.ndarray, np.ndarray]:
    every = np.arange(len(windows))
    return windows.context(every).astype(np.float64), windows.target(every).astype(np.float64)


@pytest.fixture(scope="session")
def world():
    """``world(source, k, h)``: windows to fit on and windows of other articles."""
    return _world


@pytest.fixture(scope="session")
def windows_of():
    """``windows_of(articles, k, h)``: windows over arrays (n, D), one per article."""
    return _windows_of


@pytest.fixture(scope="session")
def arrays():
    """``arrays(windows)``: all contexts (W, K, D) and targets (W, D), float64."""
    return _arrays

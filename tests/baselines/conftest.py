"""Windows of synthetic worlds, some to fit on and some of other articles."""

from __future__ import annotations

import numpy as np
import pytest

from lvmctl.data import Split, Windows, open_split


def _world(source: str, k: int, h: int = 1) -> tuple[Windows, Windows]:
    split = open_split(f"synth:{source}")
    cut = len(split.lengths) * 3 // 4
    every = np.arange(len(split.lengths))
    return Windows(split.take(every[:cut]), k, h), Windows(split.take(every[cut:]), k, h)


def _windows_of(articles: list[np.ndarray], k: int, h: int = 1) -> Windows:
    lengths = np.array([len(article) for article in articles])
    split = Split(
        vectors=np.concatenate(articles).astype(np.float32),
        starts=np.cumsum(lengths) - lengths,
        lengths=lengths,
        articles=[{"id": i} for i in range(len(lengths))],
        name="made",
        source={},
    )
    return Windows(split, k, h)


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

"""Core's batch fields of the finer level: sentences of each chunk of a window."""

from __future__ import annotations

import numpy as np

from lvmctl.data.windows import Windows


def sentences(windows: Windows, index: np.ndarray, count: int) -> np.ndarray:
    """The first and last sentences of a window's chunks, (B, K, 2, P, D)."""
    return windows.pieces(windows.inside(index), count or 1)[0]


def sentence_mask(windows: Windows, index: np.ndarray, count: int) -> np.ndarray:
    """Which of :func:`sentences` are there, (B, K, 2, P)."""
    return windows.pieces(windows.inside(index), count or 1)[1]


def target_sentences(windows: Windows, index: np.ndarray, count: int) -> np.ndarray:
    """The first and last sentences of the target, (B, 2, P, D)."""
    return windows.pieces(windows.rows[index] + windows.target_offset, count or 1)[0]


def target_sentence_mask(windows: Windows, index: np.ndarray, count: int) -> np.ndarray:
    """Which of :func:`target_sentences` are there, (B, 2, P)."""
    return windows.pieces(windows.rows[index] + windows.target_offset, count or 1)[1]

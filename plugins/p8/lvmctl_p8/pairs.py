"""Pairs of chunks whose order is asked for."""

from __future__ import annotations

import numpy as np

from lvmctl import Windows


def draw_pairs(
    rng: np.random.Generator, windows: int, chunks: int, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of different chunks of a window with its target, in random order.

    Args:
        rng: source of randomness.
        windows: B.
        chunks: K + 1, the window's chunks in order with the target last.
        count: P, pairs per window.

    Returns:
        Places of the first and the second chunk, (B, P) each, in [0, chunks).
    """
    first = rng.integers(0, chunks, size=(windows, count))
    second = (first + rng.integers(1, chunks, size=(windows, count))) % chunks
    return first, second


def order_pairs(
    windows: Windows, index: np.ndarray, count: int, rng: np.random.Generator
) -> np.ndarray:
    """Places of both chunks of each pair in the window with its target, (B, P, 2) int64."""
    return np.stack(draw_pairs(rng, len(index), windows.context_length + 1, count), axis=-1)

"""What weightings of a window's chunks are fitted on: cosines of the chunks and the target."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from lvmctl.data.windows import Windows

BATCH = 1024


class Grams(NamedTuple):
    """Dot products of B windows, float64: all that a weighting's cosine depends on.

    Attributes:
        chunks: (B, K, K) c_i·c_j.
        target: (B, K) c_i·y.
        size: (B,) ‖y‖.
    """

    chunks: np.ndarray
    target: np.ndarray
    size: np.ndarray


def grams(windows: Windows) -> Iterator[Grams]:
    """All ``windows``, block by block."""
    for low in range(0, len(windows), BATCH):
        index = np.arange(low, min(low + BATCH, len(windows)))
        context = windows.context(index).astype(np.float64)
        target = windows.target(index).astype(np.float64)
        yield Grams(
            context @ context.transpose(0, 2, 1),
            (context @ target[:, :, None])[:, :, 0],
            np.linalg.norm(target, axis=1),
        )

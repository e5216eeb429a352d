"""Windows for a baseline to fit on, in memory."""

from __future__ import annotations

import numpy as np

from lvmctl.data import Windows
from lvmctl.registry.specs import Shape
from lvmctl.testing.inputs.splits import split_of, textlike

SIZES = ("several articles", "one article", "one window")
"""The last has fewer windows than D."""


def windows(shape: Shape, size: str = "several articles") -> Windows:
    """Windows of text-like articles with 8 to 30 chunks, the same ones each time.

    Args:
        shape: D, K and h; articles are as long as K + h at least.
        size: one of :data:`SIZES`: six articles, the first of them, or one with a single window.
    """
    needed = shape.context_length + shape.horizon
    lengths = np.linspace(30, 8, 6).astype(int).clip(min=needed)
    if size != "several articles":
        lengths = lengths[:1] if size == "one article" else [needed]
    articles = [textlike(1, n, shape.dim, seed).vectors for seed, n in enumerate(lengths)]
    return Windows(split_of(articles), shape.context_length, shape.horizon)

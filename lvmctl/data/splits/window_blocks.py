"""Splits of separate windows, which share chunks with their neighbours: blocks with a gap between
them (docs/methods.md#splits)."""

from __future__ import annotations

from typing import Any

import numpy as np

from lvmctl.core.errors import DataError
from lvmctl.data.splits.assign import assign_splits

MAX_BLOCKS = 100
"""Blocks that windows are cut into."""

GAPS = 3
"""A block is as long as so many gaps at least: its ends may be left out, the middle remains."""


def window_gap(manifest: dict[str, Any], lengths: np.ndarray) -> int | None:
    """K + h, from which distance on two windows of one text share no chunk; None for a store of
    articles.

    Args:
        manifest: of the store.
        lengths: (A,) chunks of its articles.
    """
    if windows := manifest.get("windows"):
        return windows["context"] + windows["horizon"]
    if manifest.get("separate") is not True:
        return None
    return int(max(lengths, default=0))


def assign_windows(
    count: int, gap: int, seed: int = 0, val: float = 0.1, test: float = 0.1
) -> list[str | None]:
    """The split of each of ``count`` windows, in the order of their text; None for those that lie
    between two splits and are left out.

    Args:
        gap: windows that are left out where one split ends and another begins.
        val, test: shares of the blocks, as of :func:`.assign_splits`.

    Raises:
        DataError: fewer windows than the splits and the gaps between them need.
    """
    blocks = min(MAX_BLOCKS, count // (GAPS * gap))
    if blocks < (needed := 1 + bool(val) + bool(test)):
        raise DataError(
            f"{count} windows cannot make {needed} splits that share no chunk, it takes "
            f"{needed * GAPS * gap}",
            hint="name separate stores with --train and --val",
        )
    names = assign_splits([{}] * blocks, seed, val, test)
    edges = [count * block // blocks for block in range(blocks + 1)]
    splits: list[str | None] = []
    for name, low, high in zip(names, edges, edges[1:]):
        splits += [name] * (high - low)
    for before, after, edge in zip(names, names[1:], edges[1:]):
        if before != after:
            # Training windows are left out where there are some, they are the most.
            left_out = slice(edge - gap, edge) if before == "train" else slice(edge, edge + gap)
            splits[left_out] = [None] * gap
    return splits

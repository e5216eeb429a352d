"""Articles read backward: the same procedure on them is what speaks of direction."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lvmctl.data.splits.split import Split


def reversed_split(split: Split) -> Split:
    """A copy of a split's own chunks with every article in reverse order.

    Articles of a store of windows keep their target last, so they cannot be reversed: the caller
    has checked ``split.separate``.
    """
    ends = split.starts + split.lengths
    rows = [np.arange(end - 1, start - 1, -1) for start, end in zip(split.starts, ends)]
    starts = np.cumsum(split.lengths) - split.lengths
    vectors = np.ascontiguousarray(split.vectors[np.concatenate(rows)])
    return replace(split, vectors=vectors, starts=starts, name=f"{split.name}, reversed")

"""Which articles two splits share, by what they hold and not by where they lie."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import numpy as np

from lvmctl.data.splits.split import Split


def shared_articles(trained: Split, held: Split) -> np.ndarray:
    """(A,) bool: which articles of ``held`` are articles of ``trained`` too.

    Two articles are the same when they have as many chunks and the same first, middle and last
    vector, so copies, subsets and joined stores are seen through.
    """
    if trained.dim != held.dim:
        return np.zeros(len(held.lengths), bool)
    known = set(fingerprints(trained))
    return np.array([print_ in known for print_ in fingerprints(held)], bool)


def fingerprints(split: Split) -> Iterator[bytes]:
    """A hash of each article's length and of three of its vectors."""
    for start, length in zip(split.starts.tolist(), split.lengths.tolist()):
        rows = [start, start + length // 2, start + length - 1] if length else []
        seen = np.ascontiguousarray(split.vectors[rows], "<f4")
        yield hashlib.sha256(length.to_bytes(8, "little") + seen.tobytes()).digest()

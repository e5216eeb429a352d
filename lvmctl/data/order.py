"""A seeded order that is the same on every machine and for every version of numpy."""

from __future__ import annotations

from hashlib import blake2b

import numpy as np


def seeded_order(count: int, seed: int) -> np.ndarray:
    """(count,) int64, a permutation of ``range(count)`` that depends on ``seed`` alone."""
    keys = [blake2b(f"{seed}/{index}".encode(), digest_size=8).digest() for index in range(count)]
    return np.argsort(np.array(keys, "S8").view(">u8"), kind="stable")

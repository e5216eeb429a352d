"""A seeded order that is the same on every machine and for every version of numpy."""

from __future__ import annotations

from hashlib import blake2b

import numpy as np


def seeded_order(count: int, seed: int, purpose: str) -> np.ndarray:
    """(count,) int64, a permutation of ``range(count)``.

    Args:
        purpose: orders of different purposes are independent, so that a subset of a store is not
            drawn from one of its splits.
    """
    texts = (f"{purpose}/{seed}/{index}".encode() for index in range(count))
    keys = [blake2b(text, digest_size=8).digest() for text in texts]
    return np.argsort(np.array(keys, "S8").view(">u8"), kind="stable")


def seeded_articles(counts: np.ndarray, wanted: int, seed: int, purpose: str) -> np.ndarray:
    """Numbers of whole articles, in a seeded order, until they hold ``wanted`` windows.

    Args:
        counts: (A,) windows of each article; one that has none is left out.
        wanted: all articles are taken where they hold fewer.
        purpose: see :func:`seeded_order`.
    """
    order = seeded_order(len(counts), seed, purpose)
    order = order[counts[order] > 0]
    return order[: int(np.searchsorted(np.cumsum(counts[order]), wanted)) + 1]

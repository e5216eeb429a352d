"""Stores with many equal chunks, of any norm and type."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st


def unit_rows(rng: np.random.Generator, count: int, dim: int) -> np.ndarray:
    return unit(rng.standard_normal((count, dim)))


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@st.composite
def cases(draw):
    """Chunks with many duplicates, of any norm and type; articles, K and h; which are taken."""
    k, h = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    lengths = draw(st.lists(st.integers(1, 9), min_size=1, max_size=4))
    longest = draw(st.integers(0, len(lengths) - 1))
    lengths[longest] += k + h - 1
    order = draw(st.permutations(range(len(lengths))))
    order = order[: draw(st.integers(order.index(longest) + 1, len(order)))]
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    different = draw(st.integers(1, 2 * sum(lengths)))
    pool = unit_rows(rng, different, draw(st.sampled_from([2, 3, 7, 33])))
    pool = pool.astype(draw(st.sampled_from([np.float32, np.float16])))
    vectors = pool[rng.integers(0, different, sum(lengths))]
    if draw(st.booleans()):  # a power of two of 1 or more rounds nothing: no direction changes
        vectors *= 2.0 ** rng.integers(0, 7, (len(vectors), 1)).astype(pool.dtype)
    return vectors, lengths, np.array(order), k, h, rng

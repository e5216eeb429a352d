"""Stores with many equal chunks, and articles as the slow references read them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from evaluation.reference import Articles, read_articles
from hypothesis import strategies as st

from lvmctl.data import Split


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def unit_rows(rng: np.random.Generator, count: int, dim: int) -> np.ndarray:
    """Random unit vectors (count, dim) float32."""
    return unit(rng.standard_normal((count, dim)))


def on_a_circle(angles: list[float]) -> np.ndarray:
    """Chunks (n, 2) at these degrees."""
    radians = np.radians(angles)
    return np.stack([np.cos(radians), np.sin(radians)], axis=1).astype(np.float32)


def cos(degrees: list[float]) -> np.ndarray:
    return np.cos(np.radians(degrees))


def articles_of(split: Split) -> Articles:
    """The articles of a split as the references read them."""
    vectors = np.asarray(split.vectors, np.float64)
    return [
        read_articles(vectors, [low, low + length])[0]
        for low, length in zip(split.starts, split.lengths)
    ]


@st.composite
def stores(draw, leaning: bool = True, longest: int = 12):
    """Vectors with many duplicates, article lengths, K and h with at least one window, and a
    generator. Leaning to one side, no mean of the vectors nearly vanishes, whose direction would be
    rounding."""
    k, h = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    lengths = draw(st.lists(st.integers(1, longest), min_size=1, max_size=4))
    lengths[draw(st.integers(0, len(lengths) - 1))] += k + h - 1
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    different = draw(st.integers(1, 2 * sum(lengths)))
    pool = rng.standard_normal((different, draw(st.sampled_from([2, 3, 7, 33]))))
    if leaning:
        pool[:, 0] = np.abs(pool[:, 0]) + 1
    vectors = unit(pool)[rng.integers(0, different, sum(lengths))]
    if draw(st.booleans()):
        vectors = vectors.astype(np.float16)
    return vectors, lengths, k, h, rng


@st.composite
def global_cases(draw):
    """:func:`stores` of any norm, and which of their articles are taken, in any order."""
    vectors, lengths, k, h, rng = draw(stores(leaning=False, longest=9))
    order = draw(st.permutations(range(len(lengths))))
    least = 1 + min(place for place, i in enumerate(order) if lengths[i] >= k + h)
    order = order[: draw(st.integers(least, len(order)))]
    if draw(st.booleans()):  # a power of two of 1 or more rounds nothing: no direction changes
        vectors *= 2.0 ** rng.integers(0, 7, (len(vectors), 1)).astype(vectors.dtype)
    return vectors, lengths, np.array(order), k, h, rng


def write_separate(path: Path, vectors: np.ndarray) -> str:
    """A store of three windows of 4 chunks and their targets, 2 ahead."""
    np.save(path / "vectors.npy", vectors)
    np.save(path / "offsets.npy", np.array([0, 5, 10, 15]))
    (path / "store.json").write_text(
        '{"format": "lvmctl.store/1", "windows": {"context": 4, "horizon": 2},'
        ' "articles": [{"id": 0}, {"id": 1}, {"id": 2}]}'
    )
    return str(path)

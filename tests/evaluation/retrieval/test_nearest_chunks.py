"""The nearest chunks are those of a sort in float64, whatever the tiles."""

from __future__ import annotations

import numpy as np
import pytest
from made import sphere, split_of, turned

from lvmctl.evaluation.retrieval import nearest_chunks as module
from lvmctl.evaluation.retrieval.nearest_chunks import nearest_chunks

DIM = 7


@pytest.fixture(params=[1, 5, 1000])
def tiles(request, monkeypatch):
    """Chunks that are compared at a time, and vectors."""
    monkeypatch.setattr(module, "tile", lambda dim: request.param)
    monkeypatch.setattr(module, "HELD", 4)


def sorted_by_cosine(chunks: np.ndarray, q: np.ndarray, top: int) -> np.ndarray:
    """Numbers of the ``top`` chunks, by cosines in float64, equal ones in their order."""
    units = chunks.astype(np.float64) / np.linalg.norm(chunks, axis=1, keepdims=True)
    return np.argsort(-(q.astype(np.float64) @ units.T).round(12), axis=1, kind="stable")[:, :top]


@pytest.mark.parametrize("top", [1, 3, 40, 99])
@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_the_nearest_are_those_of_a_slow_sort(tiles, top, dtype):
    chunks = sphere(60, DIM) * np.linspace(0.5, 2, 60)[:, None]
    split = split_of(chunks, [50, 10], dtype)
    q = sphere(9, DIM, seed=1).astype(np.float32)
    numbers, cosines = nearest_chunks(split, q, top)
    assert numbers.shape == cosines.shape == (9, min(top, 60))
    assert (numbers == sorted_by_cosine(split.vectors, q, top)).all()
    units = split.vectors / np.linalg.norm(split.vectors, axis=1, keepdims=True)
    assert np.allclose(cosines, np.einsum("bd,bnd->bn", q, units[numbers]), atol=1e-3)


def test_equal_chunks_stand_in_their_order(tiles):
    chunks = np.repeat(sphere(4, DIM), 6, axis=0)
    numbers, _ = nearest_chunks(split_of(chunks, [24]), chunks[[12]].astype(np.float32), 3)
    assert numbers.tolist() == [[12, 13, 14]]


def test_float64_decides_what_float32_cannot_tell(tiles):
    rng = np.random.default_rng(0)
    x = sphere(1, DIM)[0]
    cosines = [0.9 + 1e-7 * n for n in range(8)]
    chunks = np.stack([turned(x, cosine, rng) for cosine in cosines])
    split = split_of(chunks, [8])
    q = x[None].astype(np.float32)
    numbers, _ = nearest_chunks(split, q, 8)
    assert (numbers == sorted_by_cosine(split.vectors, q, 8)).all()


def test_only_the_chunks_of_the_split_are_candidates(tiles):
    split = split_of(sphere(30, DIM), [10, 10, 10]).take(np.array([2, 0]))
    q = split.vectors[[25, 15, 3]]
    numbers, cosines = nearest_chunks(split, q, 1)
    assert numbers[0] == 5
    assert numbers[2] == 13
    assert cosines[1] < 0.999  # chunk 15 is of the article that was not taken


def test_chunks_that_are_no_candidates_are_left_out(tiles):
    split = split_of(sphere(12, DIM), [12])
    q = split.vectors[[3, 8]]
    without = np.array([[3, 4], [8, 0]])
    numbers, cosines = nearest_chunks(split, q, 12, without=without)
    assert numbers.shape == (2, 10)
    assert np.isfinite(cosines).all()
    for row, left_out in zip(numbers, without):
        assert sorted([*row, *left_out]) == list(range(12))


def test_chunks_go_through_a_transform_first(tiles):
    split = split_of(sphere(12, DIM), [12])
    q = split.vectors[[3, 8]]
    numbers, cosines = nearest_chunks(split, q, 12, lambda rows: -rows)
    forward, forward_cosines = nearest_chunks(split, q, 12)
    assert (numbers == forward[:, ::-1]).all()
    assert np.allclose(cosines, -forward_cosines[:, ::-1])

"""Near-duplicates across articles, against a slow float64 comparison of every pair."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import split_of, turned

from lvmctl.data import Split
from lvmctl.data.store.arrays import unit64
from lvmctl.diagnostics.data.leakage import near_duplicates
from lvmctl.diagnostics.data.leakage.near_duplicates import (
    Chunks,
    exact,
    find_repeats,
    sketches,
    tiles,
)


def cloud(seed: int, dim: int, lengths: list[list[int]], dtype: str) -> list[Split]:
    """Splits of random chunks, half of which are close to a few centres."""
    rng = np.random.default_rng(seed)
    centres = unit64(rng.standard_normal((3, dim)))
    made = []
    for split in lengths:
        rows = unit64(rng.standard_normal((sum(split), dim)))
        for row in np.flatnonzero(rng.random(len(rows)) < 0.5):
            rows[row] = turned(centres[rng.integers(3)], rng.uniform(0.985, 0.9999), rng)
        made.append(split_of(rows * rng.uniform(0.5, 2, (len(rows), 1)), split, dtype))
    return made


def slow(chunks: Chunks, threshold: float):
    """Articles (N,), counts, cosines and partners (N, S), pair by pair."""
    rows = unit64(chunks.stored(np.arange(len(chunks))))
    shape = (len(rows), len(chunks.splits))
    articles, count = [set() for _ in rows], np.zeros(shape, int)
    best, partner = np.full(shape, -np.inf), np.full(shape, -1)
    for i, x in enumerate(rows):
        for j, y in enumerate(rows):
            cosine = float(x @ y)
            if chunks.article[i] == chunks.article[j] or cosine <= threshold:
                continue
            part = chunks.part[j]
            articles[i].add(int(chunks.article[j]))
            count[i, part] += 1
            if cosine > best[i, part]:
                best[i, part], partner[i, part] = cosine, j
    return np.array([len(held) for held in articles]), count, best, partner


@pytest.mark.parametrize("few", [0, 10**9], ids=["by products", "one by one"])
@pytest.mark.parametrize("block", [5, 16, 1024])
@pytest.mark.parametrize(("dim", "dtype"), [(2, "float32"), (12, "float16"), (70, "float32")])
def test_every_pair_is_found_whatever_the_tiles(monkeypatch, dim, dtype, block, few):
    monkeypatch.setattr(near_duplicates, "BLOCK", block)
    monkeypatch.setattr(near_duplicates, "SMALL", few)
    chunks = Chunks(cloud(dim, dim, [[9, 1, 14, 7], [11, 2], [6]], dtype))
    steps = []
    repeats = find_repeats(chunks, 0.98, steps.append)
    articles, count, best, partner = slow(chunks, 0.98)
    assert count.sum() > 50
    assert repeats.articles.tolist() == articles.tolist()
    assert repeats.count.tolist() == count.tolist()
    assert repeats.cosine == pytest.approx(best, abs=1e-6)
    np.testing.assert_array_equal(repeats.partner < 0, partner < 0)
    hit = np.argwhere(partner >= 0)
    named = exact(chunks, hit[:, 0], repeats.partner[hit[:, 0], hit[:, 1]])
    assert named == pytest.approx(best[hit[:, 0], hit[:, 1]], abs=1e-6)
    assert (chunks.part[repeats.partner[hit[:, 0], hit[:, 1]]] == hit[:, 1]).all()
    assert sum(steps) == len(steps) == tiles(chunks)


@pytest.mark.parametrize("few", [0, 10**9], ids=["by products", "one by one"])
def test_pairs_at_the_threshold_are_decided_in_float64(monkeypatch, few):
    monkeypatch.setattr(near_duplicates, "SMALL", few)
    rng = np.random.default_rng(0)
    rows = unit64(rng.standard_normal((400, 24)))
    other = np.array([turned(x, 0.98 + rng.normal(0, 3e-8), rng) for x in rows])
    chunks = Chunks([split_of(rows, [400]), split_of(other, [400])])
    repeats = find_repeats(chunks, 0.98)
    truth = np.einsum("nd,nd->n", *(unit64(s.vectors) for s in chunks.splits)) > 0.98
    assert 50 < truth.sum() < 350
    assert (repeats.cosine[:400, 1] > -np.inf).tolist() == truth.tolist()


def test_an_article_that_lies_in_many_tiles_counts_once(monkeypatch):
    monkeypatch.setattr(near_duplicates, "BLOCK", 3)
    same = np.ones((40, 4))
    repeats = find_repeats(Chunks([split_of(same, [10, 13]), split_of(same[:17], [16, 1])]), 0.98)
    assert repeats.articles.tolist() == [3] * 40
    assert repeats.count[:, 0].tolist() == [13] * 10 + [10] * 13 + [23] * 17
    assert repeats.cosine.max() <= 1 + 1e-6


def test_chunks_of_one_article_do_not_count():
    repeats = find_repeats(Chunks([split_of(np.ones((5, 2)), [5])]), 0.98)
    assert not repeats.articles.any()
    assert not repeats.count.any()


def test_articles_taken_from_a_store_keep_their_rows():
    rng = np.random.default_rng(1)
    rows = unit64(rng.standard_normal((12, 6)))
    rows[11] = rows[4]
    split = split_of(rows, [3, 3, 3, 3])
    chunks = Chunks([split.take(np.array([1])), split.take(np.array([3, 0]))])
    repeats = find_repeats(chunks, 0.98)
    assert np.flatnonzero(repeats.articles).tolist() == [1, 5]
    assert chunks.row[[1, 5]].tolist() == [4, 11]
    assert chunks.position[[1, 5]].tolist() == [1, 2]
    assert chunks.article[[1, 5]].tolist() == [0, 1]


@given(st.integers(0, 10**6), st.integers(1, 90), st.integers(1, 40))
def test_sketches_bound_the_cosine_from_above(seed, dim, count):
    rng = np.random.default_rng(seed)
    rows = rng.standard_normal((count, dim)) * rng.exponential(1, dim) ** 2 + rng.normal(0, 1)
    rows[np.linalg.norm(rows, axis=1) < 1e-3] = 1
    chunks = Chunks([split_of(rows, [count])])
    sketch, wide = sketches(chunks), unit64(chunks.stored(np.arange(count)))
    assert sketch.shape == (count, min(dim, 32) + 1)
    assert (sketch @ sketch.T >= wide @ wide.T - 1e-6).all()
    assert np.linalg.norm(sketch, axis=1) == pytest.approx(1, abs=1e-4)


def test_many_chunks_have_shorter_sketches(monkeypatch):
    monkeypatch.setattr(near_duplicates, "SKETCH_BYTES", 100 * 4 * 13)
    rows = np.random.default_rng(0).standard_normal((100, 40))
    assert sketches(Chunks([split_of(rows, [100])])).shape == (100, 13)
    monkeypatch.setattr(near_duplicates, "SKETCH_BYTES", 0)
    assert sketches(Chunks([split_of(rows, [100])])).shape == (100, 9)

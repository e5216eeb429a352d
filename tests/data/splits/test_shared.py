"""Articles that two splits share are found by what they hold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made import sphere, split_of

from lvmctl.data import open_split
from lvmctl.data.splits.open import join
from lvmctl.data.splits.shared import shared
from lvmctl.data.store.arrays import unit64

WORLD = "synth:ar1?articles=6&chunks=8&dim=4&seed={}"


def test_the_same_articles_are_found_in_a_copy_of_another_name_and_order():
    split = open_split(WORLD.format(0))
    again = open_split(WORLD.format(0)).take(np.array([5, 1]))
    assert shared(split, again).articles.tolist() == [True, True]
    assert shared(again, split).articles.tolist() == [False, True, False, False, False, True]


def test_a_joined_store_holds_the_articles_of_both():
    first, other = open_split(WORLD.format(0)), open_split(WORLD.format(1))
    assert shared(join([other, first]), first).articles.all()


def test_other_text_shares_nothing():
    assert not shared(open_split(WORLD.format(0)), open_split(WORLD.format(1))).articles.any()


CHUNKS = sphere(41 * 20, 16)
TRAINED = split_of(CHUNKS[:800], [20] * 40)


def rows(article: int, low: int, high: int) -> np.ndarray:
    return CHUNKS[20 * article + low : 20 * article + high]


@pytest.mark.parametrize("change", [1.0, "float16"])
@pytest.mark.parametrize(("low", "high"), [(1, 20), (0, 19), (5, 16), (0, 1)])
def test_cut_articles_are_the_same(low, high, change):
    cut = rows(7, low, high)
    cut = cut.astype(change) if change == "float16" else cut * change
    held = split_of(np.concatenate([rows(40, 0, 20), cut]), [20, high - low])
    assert shared(TRAINED, held).articles.tolist() == [False, True]


@pytest.mark.parametrize(("known", "is_shared"), [(9, False), (10, True)])
def test_half_of_the_chunks_make_an_article_the_same(known, is_shared):
    held = split_of(np.concatenate([rows(7, 0, known), rows(40, known, 20)]), [20])
    assert shared(TRAINED, held).of_article == known / 20
    assert shared(TRAINED, held).articles == is_shared


def test_chunks_of_several_articles_make_no_training_article():
    held = split_of(np.concatenate([rows(a, 0, 5) for a in range(4)]), [20])
    overlap = shared(TRAINED, held)
    assert (overlap.of_article.tolist(), overlap.of_chunks) == ([0.25], 1.0)


def test_a_chunk_that_is_everywhere_is_no_evidence_and_a_copy_beside_it_is():
    lengths, notice = [4] * 300, CHUNKS[:1]
    chunks = np.array(sphere(1200, 16, seed=3))
    chunks[::4] = notice
    trained = split_of(chunks, lengths)
    other = np.concatenate([notice, sphere(3, 16, seed=4), chunks[-4:]])
    overlap = shared(trained, split_of(other, [4, 4]))
    assert overlap.of_article[0] == 0.25
    assert overlap.of_article[1] >= 0.75
    assert overlap.of_chunks == 5 / 8


def test_shares_are_those_of_a_slow_count_in_any_block(monkeypatch):
    rng = np.random.default_rng(5)
    pool = sphere(60, 12, seed=6)
    trained = split_of(pool[rng.integers(0, 40, 150)], [5] * 30)
    held = split_of(pool[rng.integers(0, 60, 70)].astype("float16"), [7] * 10, dtype="float16")
    a, b = unit64(trained.vectors), unit64(held.vectors)
    same = (b @ a.T > 1 - 1e-5).reshape(10, 7, 30, 5).any(axis=3)
    for rows_at_a_time in (1 << 14, 4):
        monkeypatch.setattr("lvmctl.data.splits.shared.BLOCK_ROWS", rows_at_a_time)
        overlap = shared(trained, held)
        assert np.allclose(overlap.of_article, same.mean(axis=1).max(axis=1))
        assert np.isclose(overlap.of_chunks, same.any(axis=2).mean())


def test_nothing_is_shared_with_or_by_nothing():
    nothing = split_of(np.zeros((0, 16)), [])
    assert shared(TRAINED, nothing).of_chunks == 0
    assert not shared(nothing, TRAINED).articles.any()
    assert not shared(TRAINED, split_of(CHUNKS[:20], [0, 20])).articles.tolist()[0]


def test_other_dimensions_share_nothing():
    split = open_split(WORLD.format(0))
    other = replace(split, vectors=np.array(split.vectors)[:, :3])
    assert not shared(split, other).articles.any()


@pytest.mark.parametrize("change", [1.0, 3.0, "float16"])
def test_articles_in_another_type_or_scale_are_the_same(change):
    vectors = sphere(400, 16)
    trained = split_of(vectors, [20] * 20)
    copied = vectors.astype(change) if change == "float16" else vectors * change
    held = split_of(np.concatenate([copied[100:120], sphere(20, 16, seed=1)]), [20, 20])
    assert shared(trained, held).articles.tolist() == [True, False]
    assert shared(split_of(vectors, [20] * 20), split_of(copied, [20] * 20)).articles.all()

"""Articles that two splits share are found by what they hold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made import sphere, split_of

from lvmctl.data import open_split
from lvmctl.data.splits.identity import shared_articles
from lvmctl.data.splits.open import join

WORLD = "synth:ar1?articles=6&chunks=8&dim=4&seed={}"


def test_the_same_articles_are_found_in_a_copy_of_another_name_and_order():
    split = open_split(WORLD.format(0))
    again = open_split(WORLD.format(0)).take(np.array([5, 1]))
    assert shared_articles(split, again).tolist() == [True, True]
    assert shared_articles(again, split).tolist() == [False, True, False, False, False, True]


def test_a_joined_store_holds_the_articles_of_both():
    first, other = open_split(WORLD.format(0)), open_split(WORLD.format(1))
    assert shared_articles(join([other, first]), first).all()


def test_other_text_shares_nothing():
    assert not shared_articles(open_split(WORLD.format(0)), open_split(WORLD.format(1))).any()


def test_a_shorter_article_with_the_same_start_is_another():
    whole = open_split(WORLD.format(0)).take(np.array([0]))
    assert not shared_articles(whole, replace(whole, lengths=whole.lengths - 1)).any()
    changed = np.array(whole.vectors)
    changed[7] = -changed[7]
    assert not shared_articles(whole, replace(whole, vectors=changed)).any()


def test_articles_of_other_length_with_the_same_three_chunks_are_others():
    whole = open_split(WORLD.format(0)).take(np.array([0]))
    rows = np.array(whole.vectors)
    # Of four chunks and of five the third is the middle one.
    four = replace(whole, vectors=rows[[0, 1, 2, 4]], lengths=np.array([4]))
    five = replace(whole, vectors=rows[:5], lengths=np.array([5]))
    assert not shared_articles(four, five).any()
    assert shared_articles(five, five).all()


def test_other_dimensions_share_nothing():
    split = open_split(WORLD.format(0))
    other = replace(split, vectors=np.array(split.vectors)[:, :3])
    assert not shared_articles(split, other).any()


@pytest.mark.parametrize("change", [1.0, 3.0, "float16"])
def test_articles_in_another_type_or_scale_are_the_same(change):
    rows = sphere(400, 16)
    trained = split_of(rows, [20] * 20)
    copied = rows.astype(change) if change == "float16" else rows * change
    held = split_of(np.concatenate([copied[100:120], sphere(20, 16, seed=1)]), [20, 20])
    assert shared_articles(trained, held).tolist() == [True, False]
    assert shared_articles(split_of(rows, [20] * 20), split_of(copied, [20] * 20)).all()

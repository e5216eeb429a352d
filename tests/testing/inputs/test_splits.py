"""The tiny splits are what they say."""

from __future__ import annotations

import numpy as np
import pytest

from lvmctl.data import Windows
from lvmctl.data.splits.identity import shared_articles
from lvmctl.testing.inputs.splits import split_of, textlike, textlike_splits


def test_a_split_of_articles_holds_them_in_their_order():
    articles = [np.eye(3), np.eye(3)[:2]]
    split = split_of(articles)
    assert split.lengths.tolist() == [3, 2]
    assert np.array_equal(split.vectors, np.concatenate(articles))
    assert len(Windows(split, 1, 1)) == 3


def test_neighbours_of_textlike_chunks_are_the_most_alike():
    split = textlike(40)
    rows = split.vectors.reshape(40, 24, 8)
    assert np.linalg.norm(split.vectors, axis=1) == pytest.approx(1, abs=1e-6)
    near = np.einsum("atd,atd->at", rows[:, 1:], rows[:, :-1]).mean()
    far = np.einsum("atd,atd->at", rows[:, 10:], rows[:, :-10]).mean()
    apart = np.einsum("atd,btd->abt", rows, rows)[~np.eye(40, dtype=bool)].mean()
    assert [near, far, apart] == pytest.approx([0.7, 0.35, 0], abs=0.06)


def test_the_splits_share_no_article():
    splits = textlike_splits(4)
    names = [split.name for split in (splits.train, splits.val, splits.ood)]
    assert names == ["train", "val", "ood"]
    assert not shared_articles(splits.train, splits.val).any()
    assert not shared_articles(splits.val, splits.ood).any()
    assert np.array_equal(textlike(4, seed=1).vectors, splits.val.vectors)

"""Finer levels of a store."""

from __future__ import annotations

import numpy as np
import pytest

import lvmctl
from lvmctl.core.errors import DataError, OutputError, UsageError

TEXTS = [
    "Rain fell on the hills. The river rose.\n\nThe bridge was closed. Nobody crossed it.",
    "Bread is baked at night.\n\nThe baker sleeps by day. Bread is eaten in the morning.",
]
LSA = {"min_texts": 1, "max_share": 1.0, "dim": 4}


@pytest.fixture
def store(tmp_path):
    return lvmctl.embed(TEXTS, out=tmp_path / "texts", **LSA)


def test_a_level_has_the_pieces_of_each_chunk_and_the_same_articles(store):
    level = lvmctl.add_level(store.path)
    assert lvmctl.open_store(store.path).levels == ["sentence"]
    assert (level.name, len(level)) == ("texts/sentence", 7)
    assert [article["pieces"] for article in level.articles] == [[2, 2], [1, 2]]
    assert [a["id"] for a in level.articles] == [a["id"] for a in store.articles]
    pieces = iter(level.texts)
    counts = [count for article in level.articles for count in article["pieces"]]
    joined = [" ".join(next(pieces) for _ in range(count)) for count in counts]
    assert joined == store.texts


def test_a_chunk_that_is_one_piece_keeps_its_vector(store):
    level = lvmctl.add_level(store.path)
    alone = level.texts.index("Bread is baked at night.")
    whole = store.texts.index("Bread is baked at night.")
    assert np.allclose(level.vectors[alone], store.vectors[whole], atol=1e-6)


def test_splits_of_the_store_are_those_of_its_levels(tmp_path):
    store = lvmctl.embed([*TEXTS, TEXTS[0].upper()], out=tmp_path / "s", **LSA)
    lvmctl.add_level(store.path)
    lvmctl.open_store(store.path).assign_splits(val=0.34, test=0.33)
    splits = [
        [article["split"] for article in lvmctl.open_store(path).articles]
        for path in (store.path, store.path / "levels/sentence")
    ]
    assert splits[0] == splits[1]
    assert set(splits[0]) == {"train", "val", "test"}


def test_what_cannot_be_cut_is_refused(store, tmp_path):
    with pytest.raises(UsageError, match="there is no level 'word'"):
        lvmctl.add_level(store.path, "word")
    lvmctl.add_level(store.path)
    with pytest.raises(OutputError, match="exists"):
        lvmctl.add_level(store.path)
    bare = lvmctl.synth("iid", tmp_path / "bare", articles=3, chunks=4, dim=4)
    with pytest.raises(DataError, match="has no texts"):
        lvmctl.add_level(bare.path)

"""Chunks that an encoder does not read whole are split at sentences, or counted."""

from __future__ import annotations

import sys

import numpy as np
import pytest

import lvmctl
from lvmctl.data.text.long_chunks import LongChunks

LONG = 'He said "One two." Then three four five. Six (seven.) Eight nine ten eleven twelve. End.'


class Reading:
    """Reads six words and what frames them; a vector is the mean of those of its words."""

    max_length = 8

    def __init__(self, options=None):
        pass

    def fit(self, texts):
        pass

    def lengths(self, texts):
        assert len(texts) <= 256
        return [2 + len(text.split()) for text in texts]

    def encode(self, texts):
        rows = [[sum(map(ord, text)), 1 + len(text)] for text in texts]
        return (np.array(rows) / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)

    def recipe(self):
        return {"name": "reading"}


class Whole(Reading):
    max_length = None


@pytest.fixture
def embed(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "reading_encoder", sys.modules[__name__])
    (tmp_path / "e.py").write_text("from reading_encoder import Reading, Whole\n")

    def make(texts, name="Reading", **options):
        out = tmp_path / f"s{len(list(tmp_path.iterdir()))}"
        return lvmctl.embed(texts, f"{tmp_path}/e.py:{name}", out=out, **options)

    return make


def test_long_chunks_are_split_at_sentences():
    long_chunks = LongChunks(Reading(), "reading")
    chunks = long_chunks.fit(["a b c d e f", LONG, "a b c d e f g", "z"])
    assert chunks == [
        "a b c d e f",
        'He said "One two."',
        "Then three four five. Six (seven.)",
        "Eight nine ten eleven twelve. End.",
        "a b c d e f g",  # no sentence ends in it
        "z",
    ]
    assert " ".join(chunks[1:4]) == LONG
    assert (long_chunks.split, long_chunks.pieces, long_chunks.kept) == (1, 3, 1)
    assert long_chunks.notice() == (
        "longer than the 8 tokens that reading reads: "
        "1 chunk split at sentences into 3, 1 kept, of which the rest is not read"
    )


def test_a_sentence_that_is_longer_alone_is_kept_and_counted():
    long_chunks = LongChunks(Reading(), "reading")
    sentence = "One two three four five six seven."
    assert long_chunks.fit([f"Short. {sentence} End."]) == ["Short.", sentence, "End."]
    assert (long_chunks.split, long_chunks.pieces, long_chunks.kept) == (1, 3, 1)


def test_an_encoder_that_reads_whole_texts_leaves_them():
    long_chunks = LongChunks(Whole(), "whole")
    assert long_chunks.fit([LONG] * 300) == [LONG] * 300
    assert long_chunks.notice() is None


def test_embedding_splits_counts_and_keeps(embed):
    texts = [f"a b\n\n{LONG}\n\nc d", "e f\n\ng h"]
    store = embed(texts)
    assert store.lengths.tolist() == [5, 2]
    assert any("1 chunk split at sentences into 3" in line for line in store.notices)
    kept = embed(texts, keep_long=True)
    assert kept.lengths.tolist() == [3, 2]
    assert any("tokens that reading reads: 1 kept" in line for line in kept.notices)
    whole = embed(texts, "Whole")
    assert whole.lengths.tolist() == [3, 2]
    assert whole.notices == ()
    # What is not long has the vectors it would have without all this.
    assert np.array_equal(store.vectors[[0, 4, 5, 6]], whole.vectors[[0, 2, 3, 4]])


def test_chunks_that_were_cut_already_are_only_counted(embed):
    store = embed([["a b", LONG], ["c d"]])
    assert store.lengths.tolist() == [2, 1]
    assert any("1 kept, of which the rest is not read" in line for line in store.notices)


def test_short_pieces_of_a_long_chunk_are_not_dropped(embed):
    assert embed([f"{LONG}\n\na b"], min_words=3).texts[-1].endswith("End.")

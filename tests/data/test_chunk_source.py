"""Texts and sentences of chunks by their rows, whatever was joined, cut down or turned round."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

import lvmctl
from lvmctl.core.chunks import Chunks
from lvmctl.core.errors import DataError
from lvmctl.data import Windows, open_split, open_splits
from lvmctl.data.chunk_source import SplitSource, TextList
from lvmctl.data.transforms import apply_transform, fit, read_backward
from lvmctl.testing.text_store import text_store


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    place = tmp_path_factory.mktemp("stores")
    first = text_store(place / "a", 8, 5).path
    return [first, text_store(place / "b", 8, 5, seed=1, encoder_from=first).path]


def written(path):
    return [json.loads(line) for line in (path / "chunks.jsonl").open()]


def splits(stores):
    a, b = map(str, stores)
    train = open_split(a, "train")
    joined = open_splits(train=[a, b], val=a).train
    texts = [written(path)[:20] for path in stores]
    both = texts[0] + texts[1]
    backward = [each for low in range(0, 40, 5) for each in both[low : low + 5][::-1]]
    return {
        "one store": (train, texts[0]),
        "two stores": (joined, both),
        "some articles of two": (joined.take(np.array([1, 6])), both[5:10] + both[30:35]),
        "two stores backward": (read_backward(joined), backward),
        "some of them": (read_backward(joined).take(np.array([6])), backward[30:35]),
        "a part": (replace(joined.take(np.array([6])), whole=joined), both[30:35]),
    }


def test_texts_and_sentences_are_those_of_the_chunk(stores):
    for name, (split, texts) in splits(stores).items():
        source, rows = SplitSource(split), split.rows()
        assert source.texts_at(rows) == texts, name
        order = np.array([[3, 0, 3], [1, 4, 2]])
        chunks = Chunks(torch.from_numpy(rows[order]), source, ("text", "sentence"))
        assert chunks.texts() == [[texts[place] for place in each] for each in order]
        pieces, there = chunks.pieces(1)
        alone = [[text.count(".") == 1 for text in each] for each in chunks.texts()]
        assert there.all()
        # A chunk of one sentence is that sentence, the first and the last.
        vectors = torch.from_numpy(Windows(split, 2, 1).chunks(rows[order]))
        whole = (pieces[..., 0, :] - vectors[..., None, :]).abs().amax((-1, -2)) < 1e-5
        assert whole[torch.tensor(alone)].all(), name
        assert torch.equal(chunks[1].pieces(2)[0], chunks.pieces(2)[0][1])


def test_what_was_not_declared_is_not_read(stores):
    windows = Windows(open_split(str(stores[0])), 2, 1)
    chunks = windows.at(windows.rows)
    with pytest.raises(AttributeError, match="'text' without declaring it; add it to `reads`"):
        chunks.texts()
    with pytest.raises(AttributeError, match="'sentence' without declaring it"):
        replace(chunks, reads=("text",)).pieces()


def test_what_is_not_there_is_refused(stores, tmp_path):
    bare = lvmctl.synth("iid", tmp_path / "bare", articles=12, chunks=5, dim=8)
    source = SplitSource(open_split(str(bare.path)))
    with pytest.raises(DataError, match=r"bare: has no texts, .*; embed texts"):
        source.require("text")
    with pytest.raises(DataError, match=r"no level .sentence."):
        source.require("sentence")
    with pytest.raises(DataError, match="has no texts"):
        SplitSource(open_split("synth:iid?articles=12&chunks=5&dim=8")).require("text")
    joined = open_splits(train=[str(stores[0]), str(bare.path)], val=str(stores[0])).train
    with pytest.raises(DataError, match=r"bare\S*: has no texts"):
        SplitSource(joined).require("text")
    split = open_split(str(stores[0]))
    centred = SplitSource(apply_transform(split, fit("centred", split)))
    assert centred.texts_at(np.array([2])) == [written(stores[0])[2]]
    with pytest.raises(DataError, match=r"transformed \(centred\), its sentence level is not"):
        centred.require("sentence")


def test_texts_of_no_store():
    chunks = Chunks(torch.tensor([[2, 0], [1, 1]]), TextList(["a", "b", "c"]), ("text", "sentence"))
    assert chunks.texts() == [["c", "a"], ["b", "b"]]
    assert chunks[0].texts() == ["c", "a"]
    with pytest.raises(DataError, match="texts alone have no level"):
        chunks.pieces()

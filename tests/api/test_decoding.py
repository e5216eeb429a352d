"""Vectors as texts: the nearest chunk's, or what a plugin's decoder says, with honest cosines."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from api.test_rank_texts import articles

import lvmctl
from lvmctl.core.errors import DataError, PluginError, UsageError


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> lvmctl.Store:
    """A store of texts with splits."""
    out = tmp_path_factory.mktemp("decoding") / "store"
    options = {"dim": 8, "min_texts": 1, "max_share": 1.0}
    return lvmctl.embed(articles(20, 9), out=out, split="60/20/20", **options)


def decoder_file(place: Path, body: str) -> str:
    """The address of a decoder in a file."""
    file = place / "mine.py"
    file.write_text(
        "import numpy as np\nimport lvmctl\n\n\nclass Mine:\n"
        '    """Says what it is told."""\n\n' + body
    )
    return f"{file}:Mine"


def test_nearest_gives_the_text_of_the_nearest_chunk(store):
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((40, store.dim)).astype(np.float32)
    decoded = lvmctl.load_decoder("nearest", store).decode(vectors)
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    cosines = units @ np.asarray(store.vectors).T
    assert decoded.texts == [store.texts[row] for row in cosines.argmax(1)]
    assert np.allclose(decoded.cosines, cosines.max(1), atol=1e-5)


def test_a_split_has_its_own_chunks_alone(store):
    val = store.split("val")
    decoded = lvmctl.load_decoder("nearest", val).decode(store.vectors)
    assert set(decoded.texts) <= set(val.texts)
    texts = lvmctl.load_decoder("nearest", val).decode(val.vectors).texts
    assert [val.texts.index(text) for text in texts] == [val.texts.index(t) for t in val.texts]


@pytest.mark.parametrize("kind", [np.asarray, torch.from_numpy, lambda rows: rows.tolist()])
def test_vectors_of_any_kind_and_norm(store, kind):
    rows = 3 * np.array(store.vectors[:4])
    decoded = lvmctl.load_decoder("nearest", store).decode(kind(rows))
    assert np.allclose(decoded.cosines, 1, atol=1e-5)


def test_no_vector_no_text(store):
    decoded = lvmctl.load_decoder("nearest", store).decode(np.empty((0, store.dim)))
    assert decoded.texts == []


@pytest.mark.parametrize(
    ("vectors", "what"),
    [
        (np.ones((2, 3)), "has vectors of 3 numbers"),
        (np.zeros((1, 8)), "a vector of 0"),
        (np.full((1, 8), np.nan), "NaN"),
        (np.ones(8), "has shape"),
    ],
)
def test_vectors_that_are_refused(store, vectors, what):
    with pytest.raises(DataError, match=what):
        lvmctl.load_decoder("nearest", store).decode(vectors)


def test_a_store_without_texts_is_refused():
    with pytest.raises(DataError, match="has no texts to choose from"):
        lvmctl.load_decoder("nearest", "synth:iid?articles=4&chunks=9&dim=8")


def test_texts_are_encoded_again_where_a_decoder_gives_no_cosines(store, tmp_path):
    body = "    def decode(self, vectors):\n        return ['badorkolan', ' '][: len(vectors)]\n"
    decoder = lvmctl.load_decoder(decoder_file(tmp_path, body), store)
    decoded = decoder.decode(store.vectors[:2])
    assert np.isnan(decoded.cosines[1])
    assert -1 <= decoded.cosines[0] <= 1
    again = decoder.round_trip(store.vectors[:2], store.texts[:2])
    assert np.allclose(again, 1, atol=1e-4)


def test_without_an_encoder_nobody_knows_the_cosine(store, tmp_path):
    bare = shutil.copytree(store.path, tmp_path / "bare")
    manifest = json.loads((bare / "store.json").read_text())
    (bare / "store.json").write_text(json.dumps(manifest | {"encoder": None}))
    body = "    def decode(self, vectors):\n        return ['a'] * len(vectors)\n"
    decoder = lvmctl.load_decoder(decoder_file(tmp_path, body), bare)
    assert decoder.decode(store.vectors[:2]) == lvmctl.Decoded(["a", "a"], None)
    assert lvmctl.load_decoder("nearest", bare).decode(store.vectors[:1]).cosines is not None


def test_a_decoder_of_another_encoder_is_refused(store, tmp_path):
    body = (
        "    def decode(self, vectors):\n        return ['a'] * len(vectors)\n\n"
        "    def encode(self, texts):\n"
        "        return np.random.default_rng(1).standard_normal((len(texts), {dim}))\n"
    )
    address = decoder_file(tmp_path, body.format(dim=8))
    with pytest.raises(DataError, match="is of another encoder than the store"):
        lvmctl.load_decoder(address, store)
    (tmp_path / "b").mkdir()
    address = decoder_file(tmp_path / "b", body.format(dim=9))
    with pytest.raises(DataError, match="they have 9 numbers, those of the store 8"):
        lvmctl.load_decoder(address, store)


@pytest.mark.parametrize(
    ("returned", "what"),
    [
        ("['a']", "a text for each of 3 vectors"),
        ("[1, 2, 3]", "a text for each of 3 vectors"),
        ("lvmctl.Decoded(['a', 'b', 'c'], np.zeros(2))", r"have shape \(2,\)"),
        ("1 / 0", "ZeroDivisionError"),
    ],
)
def test_a_decoder_that_fails_is_named(store, tmp_path, returned, what):
    body = f"    def decode(self, vectors):\n        return {returned}\n"
    decoder = lvmctl.load_decoder(decoder_file(tmp_path, body), store)
    with pytest.raises(PluginError, match=what):
        decoder.decode(store.vectors[:3])


def test_an_unknown_decoder_and_an_unknown_option(store):
    with pytest.raises(PluginError, match="did you mean 'nearest'"):
        lvmctl.load_decoder("nearst", store)
    with pytest.raises(UsageError, match=r"'steps', there are no options \(decoder nearest\)"):
        lvmctl.load_decoder("nearest", store, steps=3)


def test_predictions_among_transformed_chunks(centred_run, tmp_path):
    model = lvmctl.load(centred_run)
    data = lvmctl.open_store(json.loads((centred_run / "config.json").read_text())["data"]["data"])
    texts = [f"chunk {number}" for number in range(len(data))]
    (tmp_path / "s").mkdir()
    for name, array in (("vectors", data.vectors), ("offsets", [0, len(data)])):
        np.save(tmp_path / "s" / f"{name}.npy", np.asarray(array))
    lines = "".join(json.dumps(text) + "\n" for text in texts)
    (tmp_path / "s" / "chunks.jsonl").write_text(lines)
    decoder = lvmctl.load_decoder("nearest", tmp_path / "s", model=model)
    q = model.predict(data.vectors[:5])[None]
    cosines = model.transform(np.asarray(data.vectors)) @ q[0]
    decoded = decoder.decode(q)
    assert decoded.texts == [texts[int(cosines.argmax())]]
    assert decoded.cosines[0] == pytest.approx(cosines.max(), abs=1e-5)
    body = "    def decode(self, vectors):\n        return ['a'] * len(vectors)\n"
    with pytest.raises(UsageError, match="the run predicts transformed ones"):
        lvmctl.load_decoder(decoder_file(tmp_path, body), tmp_path / "s", model=model)


def test_a_store_of_another_width_does_not_fit_the_model(p8_run, store):
    with pytest.raises(DataError, match="has dimension 8, the run was trained on 16"):
        lvmctl.load_decoder("nearest", store, model=lvmctl.load(p8_run))

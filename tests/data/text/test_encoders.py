"""The offline encoder, and norms that an encoder gives."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from recorder import Recorder

import lvmctl
from lvmctl.core.errors import DataError
from lvmctl.data.text.embed import load_encoder
from lvmctl.data.text.encoders.lsa import Lsa
from lvmctl.data.text.encoders.records import ENCODERS, LsaOptions

TEXTS = [
    "the cat sat on the mat",
    "a cat and a dog sat there",
    "dogs and cats and a mat",
    "stocks fell as banks sold bonds",
    "banks bought bonds and stocks rose",
    "bonds fell and a bank closed",
] * 3


def _fitted(**options):
    encoder = Lsa(LsaOptions(**{"dim": 4, "max_share": 1.0, **options}))
    encoder.fit(TEXTS)
    return encoder


def test_lsa_is_the_truncated_svd_of_tf_idf():
    encoder = _fitted()
    terms = sorted({word for text in TEXTS for word in text.split() if len(word) > 1})
    counts = np.array([[text.split().count(term) for term in terms] for text in TEXTS], float)
    seen = (counts > 0).sum(0)
    weights = np.where(counts > 0, 1 + np.log(np.maximum(counts, 1)), 0)
    weights *= np.log((1 + len(TEXTS)) / (1 + seen)) + 1
    weights /= np.linalg.norm(weights, axis=1, keepdims=True)
    projected = weights @ np.linalg.svd(weights)[2][:4].T
    projected /= np.linalg.norm(projected, axis=1, keepdims=True)
    rows = encoder.encode(TEXTS)
    assert rows.dtype == np.float32
    assert np.allclose(rows @ rows.T, projected @ projected.T, atol=1e-5)
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)


def test_lsa_is_deterministic_and_leaves_torch_alone():
    threads = torch.get_num_threads()
    state = torch.get_rng_state()
    first = _fitted().encode(TEXTS)
    assert np.array_equal(first, _fitted().encode(TEXTS))
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_num_threads() == threads


def test_lsa_encodes_one_text_like_many():
    encoder = _fitted()
    single = np.concatenate([encoder.encode([text]) for text in TEXTS])
    assert np.allclose(single, encoder.encode(TEXTS), atol=1e-6)


def test_a_text_without_a_known_term_gets_the_mean_direction():
    encoder = _fitted()
    unknown = encoder.encode(["zzz qqq", "", "42"])
    mean = encoder.encode(TEXTS).mean(0)
    assert np.allclose(unknown, mean / np.linalg.norm(mean), atol=1e-5)


def test_texts_that_an_encoder_cannot_tell_apart_are_counted(tmp_path):
    store, recorder = tmp_path / "known", Recorder()
    lvmctl.embed([TEXTS], out=store, min_texts=1, max_share=1.0, reporter=recorder)
    assert not [line for line in recorder.messages if "knows" in line]
    strange = [TEXTS[0], "zzz qqq", "人工智能"]
    lvmctl.embed([strange], out=tmp_path / "more", encoder_from=store, reporter=recorder)
    assert "2 of 3 chunks have no word that lsa knows" in " ".join(recorder.messages)


def test_lsa_comes_back_from_its_state(tmp_path):
    encoder = _fitted(bigrams=True)
    np.savez(tmp_path / "e.npz", **encoder.state())
    again = Lsa(LsaOptions(bigrams=True))
    with np.load(tmp_path / "e.npz", allow_pickle=False) as state:
        again.restore(dict(state))
    texts = [*TEXTS, "unseen words", "cat sat"]
    assert np.array_equal(again.encode(texts), encoder.encode(texts))
    assert again.recipe()["dim"] == 4


def test_small_corpora_have_fewer_dimensions_and_empty_ones_say_why():
    assert _fitted(dim=500).encode(["cat"]).shape[1] <= len(TEXTS)
    with pytest.raises(DataError, match=r"2 texts are too few .*--set min_texts=1 --set max_share"):
        Lsa(LsaOptions()).fit(["alpha", "beta"])
    with pytest.raises(DataError, match="no word occurs in at least 2 and at most 2 of the 4"):
        Lsa(LsaOptions()).fit(["alpha", "beta", "gamma", "delta"])


def test_records_are_torch_free():
    assert [record.name for record in ENCODERS] == ["lsa"]
    assert [record.fitted for record in ENCODERS] == [True]


class Scaled:
    """An encoder whose vectors have norms 2, 3, …"""

    def encode(self, texts):
        return np.eye(16, dtype=np.float32)[: len(texts)] * (2 + np.arange(len(texts)))[:, None]

    def recipe(self):
        return {"name": "scaled", "normalized": False}


def test_norms_are_kept_beside_unit_vectors(tmp_path):
    from lvmctl.data import Store, write_store
    from lvmctl.data.text.corpus import Chunked, spool
    from lvmctl.data.text.embed import embed_corpus
    from lvmctl.data.text.unfinished import Unfinished

    articles = [Chunked({"id": "x"}, ["a", "b"]), Chunked({"id": "y"}, ["c"])]
    begun = Unfinished(tmp_path)
    begun.begin({}, "nothing")
    embed_corpus(
        lambda dim, dtype: write_store(tmp_path / "s", dim, dtype),
        spool(articles, tmp_path / "chunks.jsonl"),
        Scaled(),
        {},
        begun,
    )
    store = Store.open(tmp_path / "s")
    assert store.unit
    assert np.load(tmp_path / "s" / "norms.npy").tolist() == [2, 3, 4]
    assert list(store.texts()) == ["a", "b", "c"]
    assert store.manifest["encoder"]["name"] == "scaled"


def test_a_damaged_saved_encoder_is_one_line(tmp_path):
    path = tmp_path / "encoder.npz"
    np.savez(path, **_fitted().state())
    load_encoder(_fitted(), tmp_path)
    whole = path.read_bytes()
    for data in (whole[:-40], b"", whole.replace(b"idf.npy", b"idx.npy")):
        path.write_bytes(data)
        with pytest.raises(DataError, match=r"encoder.npz: is damaged .*embed the store again"):
            load_encoder(_fitted(), tmp_path)

"""sentence-transformers models, with a stand-in for the library."""

from __future__ import annotations

import sys
from types import ModuleType

import numpy as np
import pytest
from lvmctl_encoders.plugin import SentenceTransformersOptions

import lvmctl
from lvmctl import DataError, UsageError


class Transformer: ...


class Pooling: ...


class Dense: ...


class Normalize: ...


@pytest.fixture
def library(monkeypatch):
    """A stand-in for sentence_transformers whose vectors have norms 2, 3, …"""

    class Model:
        max_seq_length = 512

        def __init__(self, name=None, modules=None, device=None):
            if name == "missing":
                raise OSError("no such model\nmore")
            self.modules = modules or [Transformer(), Pooling(), Dense(), Normalize()]

        def tokenizer(self, texts, truncation, verbose):
            assert not truncation
            return {"input_ids": [[0, *text.split(), 1] for text in texts]}

        def __iter__(self):
            return iter(self.modules)

        def encode(self, texts, normalize_embeddings, **options):
            assert not normalize_embeddings
            assert not any(isinstance(module, Normalize) for module in self.modules)
            return np.eye(8)[: len(texts)] * (2 + np.arange(len(texts)))[:, None]

    module = ModuleType("sentence_transformers")
    module.SentenceTransformer = Model
    module.__version__ = "0.0"
    monkeypatch.setitem(sys.modules, "sentence_transformers", module)


def _sentence_transformers(**options):
    from lvmctl_encoders.sentence_transformers import SentenceTransformers

    return SentenceTransformers(SentenceTransformersOptions(**options))


def test_sentence_transformers_drops_the_final_normalisation(library):
    encoder = _sentence_transformers(max_tokens=64)
    assert encoder.recipe()["modules"] == ["Transformer", "Pooling", "Dense"]
    assert encoder.recipe()["normalized"] is False
    assert encoder.recipe()["max_tokens"] == 64
    assert np.linalg.norm(encoder.encode(["a", "b"]), axis=1).tolist() == [2, 3]


def test_sentence_transformers_pooled(library):
    encoder = _sentence_transformers(layers="pooled")
    assert encoder.recipe()["modules"] == ["Transformer", "Pooling"]


def test_sentence_transformers_say_how_far_they_read(library):
    encoder = _sentence_transformers(max_tokens=5)
    assert encoder.max_length == 5
    assert encoder.lengths(["a b", "", "a b c d"]) == [4, 2, 6]
    encoder._model.max_seq_length = float("inf")
    assert encoder.max_length is None


def test_sentence_transformers_that_cannot_be_loaded(library):
    with pytest.raises(DataError, match=r"missing: the model cannot be loaded \(no such model\)"):
        _sentence_transformers(model="missing")


def test_the_package_that_brings_it_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(UsageError, match=r"pip install 'lvmctl-encoders\[sentence-transformers\]'"):
        lvmctl.embed(["One.", "Two."], "sentence-transformers", out=tmp_path / "store")


def test_a_store_of_the_time_when_core_had_it_still_finds_its_encoder(tmp_path, monkeypatch):
    """Its manifest names ``core/sentence-transformers``."""
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with lvmctl.write_store(tmp_path / "store", 8) as writer:
        writer.article({}, np.eye(8)[:2], ["One.", "Two."])
        writer.manifest["encoder"] = {"name": "sentence-transformers", "batch_size": 4}
        writer.manifest["made"] = {"encoder": "core/sentence-transformers"}
    with pytest.raises(UsageError, match="encoder sentence-transformers needs sentence_tran"):
        lvmctl.embed(["One."], out=tmp_path / "more", encoder_from=tmp_path / "store")

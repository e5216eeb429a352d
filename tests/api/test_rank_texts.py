"""Texts in, by the encoder of the training data: the same vectors as stored, or a clear refusal."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import numpy as np
import pytest
from api.conftest import trained
from edited import edited, editing
from training.small import TINY

import lvmctl
from lvmctl.core.errors import DataError, UsageError
from lvmctl.evaluation.trained import load_run
from lvmctl.registry import load_registry

WORDS = [first + last for first in ("ba", "ko", "mi", "tu", "re") for last in ("dor", "lan", "sek")]


def articles(count: int, chunks: int) -> list[list[str]]:
    """Articles whose chunks drift through the words."""
    draw = random.Random(0)
    return [
        [
            " ".join(draw.choice(WORDS[start : start + 6]) for _ in range(8))
            for start in (draw.randrange(9) for _ in range(chunks))
        ]
        for _ in range(count)
    ]


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> tuple[Path, Path]:
    """A store of texts, and a run that was trained on it."""
    base = tmp_path_factory.mktemp("texts")
    store = lvmctl.embed(articles(30, 12), out=base / "store", dim=8, min_texts=1, max_share=1.0)
    return store.path, trained(base / "run", "p8", TINY | {"epochs": 1}, str(store.path))


@pytest.fixture
def copy(run, tmp_path) -> tuple[Path, lvmctl.Model]:
    """A store that may be damaged, and the model of a run that was trained on it."""
    store, path = shutil.copytree(run[0], tmp_path / "s"), shutil.copytree(run[1], tmp_path / "r")
    with editing(path / "config.json") as config:
        config["data"]["data"] = str(store)
    return store, lvmctl.load(path)


def test_texts_have_the_vectors_that_are_stored(run):
    store, model = lvmctl.open_store(run[0]), lvmctl.load(run[1])
    before, candidates = store.texts[:5], store.texts[5:12]
    by_text = model.rank_texts(before, candidates, top=4)
    by_vector = model.rank(store.vectors[:5], store.vectors[5:12], top=4)
    assert by_text.indices.tolist() == by_vector.indices.tolist()
    assert np.allclose(by_text.scores, by_vector.scores, atol=1e-5)


@pytest.fixture
def theirs(copy, monkeypatch) -> tuple[Path, lvmctl.Model, dict]:
    """A store whose manifest calls `lsa` by a name that it is known as, not written yet."""
    store, model = copy
    lsa = load_registry().get("encoder", "lsa").record
    monkeypatch.setitem(vars(lsa), "known_as", ("their LSA",))
    manifest = json.loads((store / "store.json").read_text())
    del manifest["made"], manifest["encoder"]["fingerprint"]
    manifest["encoder"]["name"] = "their LSA"
    return store, model, manifest


def test_an_encoder_serves_stores_that_call_it_by_another_name(theirs):
    store, model, manifest = theirs
    edited(store / "store.json").write_text(json.dumps(manifest))
    opened = lvmctl.open_store(store)
    found = model.rank_texts(opened.texts[:5], opened.texts[5:12])
    expected = model.rank(opened.vectors[:5], opened.vectors[5:12])
    assert found.indices.tolist() == expected.indices.tolist()
    manifest["encoder"]["name"] = "her LSA"
    (store / "store.json").write_text(json.dumps(manifest))
    with pytest.raises(UsageError, match="her LSA, which is no encoder"):
        lvmctl.load(model.path).rank_texts("a", ["b"])


def test_an_encoder_of_the_name_that_gives_other_vectors_is_refused(theirs):
    store, model, manifest = theirs
    other = lvmctl.embed(articles(30, 12)[10:], out=store.with_name("o"), dim=8, min_texts=1)
    shutil.copy(other.path / "encoder.npz", edited(store / "encoder.npz"))
    (store / "store.json").write_text(json.dumps(manifest))
    with pytest.raises(DataError, match="other vectors"):
        model.rank_texts("a", ["b"])


def test_the_last_chunks_count_and_white_space_does_not(run):
    store, model = lvmctl.open_store(run[0]), lvmctl.load(run[1])
    before, candidates = store.texts[:5], store.texts[5:12]
    expected = model.rank_texts(before, candidates)
    spaced = [text.replace(" ", " \n\t ") for text in before]
    ranking = model.rank_texts(["what was read long ago", *spaced], candidates)
    assert ranking.indices.tolist() == expected.indices.tolist()
    single, listed = (
        model.rank_texts(before[-1], candidates),
        model.rank_texts([before[-1]], candidates),
    )
    assert single.indices.tolist() == listed.indices.tolist()
    assert model.rank_texts(before, []).indices.shape == (0,)


@pytest.mark.parametrize(
    ("before", "candidates", "message"),
    [
        ([], ["a"], "before: there is no text"),
        (["a", " "], ["a"], r"before\[1\]: is empty"),
        (["a"], ["a", ""], r"candidates\[1\]: is empty"),
        (["a"], ["a", 7], r"candidates\[1\]: is not text"),
    ],
)
def test_what_is_no_text_is_refused(run, before, candidates, message):
    with pytest.raises(DataError, match=message):
        lvmctl.load(run[1]).rank_texts(before, candidates)


def test_a_store_that_is_gone_is_named(copy):
    store, model = copy
    shutil.rmtree(store)
    with pytest.raises(DataError, match="texts cannot be read without the store it was trained on"):
        model.rank_texts("a", ["b"])


def test_another_store_in_its_place_is_refused(copy):
    store, model = copy
    lvmctl.embed(articles(29, 12), out=store, dim=8, min_texts=1, max_share=1.0, force=True)
    with pytest.raises(DataError, match="is not the store that the run was trained on"):
        model.rank_texts("a", ["b"])


def test_a_store_of_another_encoder_is_not_evaluated_on(run, tmp_path):
    other = [[chunk.replace("a", "o") for chunk in article] for article in articles(12, 12)]
    store = lvmctl.embed(other, out=tmp_path / "other", dim=8, min_texts=1, max_share=1.0)
    message = "other: its vectors lie in another space than what the run was trained on: the mean"
    with pytest.raises(DataError, match=message):
        lvmctl.evaluate(run[1], data=store.path)
    with pytest.raises(DataError, match=message):
        lvmctl.evaluate(run[1], ood=store.path)


def test_an_encoder_that_learned_other_text_is_refused(copy, tmp_path):
    store, model = copy
    shuffled = [article[::-1] for article in articles(30, 12)[10:]]
    other = lvmctl.embed(shuffled, out=tmp_path / "other", dim=8, min_texts=1, max_share=1.0)
    shutil.copy(other.path / "encoder.npz", edited(store / "encoder.npz"))
    with pytest.raises(DataError, match="its encoder gives other vectors now: the mean cosine"):
        model.rank_texts("a", ["b"])
    (store / "encoder.npz").unlink()
    with pytest.raises(DataError, match="holds no saved encoder"):
        lvmctl.load(model.path).rank_texts("a", ["b"])


@pytest.mark.parametrize(
    ("encoder", "error", "message"),
    [
        (None, DataError, "does not say which encoder made it"),
        ({"name": "far-away"}, UsageError, "was encoded by far-away, which is no encoder that is"),
    ],
)
def test_an_unknown_encoder_is_refused(copy, encoder, error, message):
    store, model = copy
    manifest = json.loads((store / "store.json").read_text())
    del manifest["made"]
    (store / "store.json").write_text(json.dumps(manifest | {"encoder": encoder}))
    with pytest.raises(error, match=message):
        model.rank_texts("a", ["b"])


def test_the_demonstration_data_reads_texts(p8_run, cache_dir, monkeypatch):
    """A run that names no data was trained on it."""
    monkeypatch.setenv("LVMCTL_CACHE", str(cache_dir))
    store = lvmctl.open_store()
    trained = load_run(load_registry(), p8_run)
    trained.config["data"]["data"] = None
    trained.config["splits"]["train"]["content_hash"] = store._stored.content_hash
    rows = lvmctl.Model(trained).encoder.encode(store.texts[:2])
    assert np.allclose(rows, store.vectors[:2], atol=1e-5)

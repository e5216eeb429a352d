"""Texts come back from their vectors, by tiny models that were trained and saved for it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import lvmctl


def loaded(made, store, inversion: str, corrector: str = "", **options):
    return lvmctl.load_decoder(
        "vec2text", store, inversion=inversion, corrector=corrector, **options
    )


@pytest.fixture
def texts(store) -> list[str]:
    return list(store.texts)


def test_the_first_guess_of_a_trained_model_is_the_text(made, store, texts):
    decoded = loaded(made, store, made.good, steps=0).decode(store.vectors)
    assert decoded.texts == texts
    assert np.allclose(decoded.cosines, 1, atol=1e-4)


def test_a_corrector_mends_a_bad_guess(made, store, texts):
    guessed = loaded(made, store, made.raw, made.right, steps=0).decode(store.vectors)
    corrected = loaded(made, store, made.raw, made.right, steps=3).decode(store.vectors)
    right = [sum(a == b for a, b in zip(each.texts, texts)) for each in (guessed, corrected)]
    assert right[0] <= 2
    assert right[1] >= 11


def test_more_steps_are_never_worse(made, store):
    cosines = []
    noise = np.random.default_rng(0).standard_normal((5, store.dim))
    for steps in (0, 1, 4):
        decoded = loaded(made, store, made.raw, made.right, steps=steps).decode(noise)
        cosines.append(np.nan_to_num(decoded.cosines, nan=-1))
    assert (cosines[1] >= cosines[0] - 1e-6).all()
    assert (cosines[2] >= cosines[1] - 1e-6).all()


def test_cosines_are_those_of_the_texts_encoded_again(made, store):
    decoder = loaded(made, store, made.good, made.right, steps=2)
    noise = np.random.default_rng(1).standard_normal((6, store.dim))
    decoded = decoder.decode(noise)
    again = decoder.round_trip(noise, decoded.texts)
    assert np.allclose(decoded.cosines, again, atol=1e-4, equal_nan=True)


@pytest.mark.parametrize("size", [1, 5, 99])
def test_how_many_are_decoded_at_a_time_changes_nothing(made, store, size):
    decoded = loaded(made, store, made.good, made.right, steps=1, batch_size=size)
    assert decoded.decode(3 * np.asarray(store.vectors)).texts == list(store.texts)


def test_a_store_of_another_encoder_is_refused(made, store, tmp_path):
    from tiny_vec2text import written

    other = np.random.default_rng(0).standard_normal((12, store.dim))
    with pytest.raises(lvmctl.DataError, match="is of another encoder than the store"):
        loaded(made, written(tmp_path / "other", other, list(store.texts)), made.good, steps=0)
    wide = np.random.default_rng(0).standard_normal((12, 48))
    with pytest.raises(lvmctl.DataError, match=r"vectors of 32 numbers, those of .* have 48"):
        loaded(made, written(tmp_path / "wide", wide, list(store.texts)), made.good, steps=0)


@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        (lambda folder: (folder / "model.safetensors").unlink(), "cannot be loaded"),
        (lambda folder: (folder / "model.safetensors").write_bytes(b"no"), "cannot be loaded"),
        (lambda folder: (folder / "config.json").write_text("{"), "is not JSON"),
        (lambda folder: shutil.rmtree(folder), "cannot be loaded"),
    ],
)
def test_a_model_that_cannot_be_read(made, store, tmp_path, monkeypatch, spoil, what):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    folder = Path(shutil.copytree(made.good, tmp_path / "copy"))
    spoil(folder)
    with pytest.raises(lvmctl.DataError, match=what) as error:
        loaded(made, store, str(folder), steps=0)
    assert "\n" not in str(error.value)


def test_models_that_are_something_else(made, store, tmp_path):
    with pytest.raises(lvmctl.DataError, match="no model of vec2text of this kind"):
        loaded(made, store, made.right, steps=0)
    with pytest.raises(lvmctl.DataError, match="no model of vec2text of this kind"):
        loaded(made, store, made.good, made.good, steps=1)
    folder = Path(shutil.copytree(made.good, tmp_path / "st"))
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"embedder_model_name": "gtr_base_st"}))
    with pytest.raises(lvmctl.DataError, match="a pipeline of sentence-transformers"):
        loaded(made, store, str(folder), steps=0)


def test_weights_that_are_not_there(made, store, tmp_path):
    from safetensors.torch import load_file, save_file

    folder = Path(shutil.copytree(made.good, tmp_path / "copy"))
    weights = load_file(folder / "model.safetensors")
    del weights["embedder.final_layer_norm.weight"]
    save_file(weights, folder / "model.safetensors")
    with pytest.raises(lvmctl.DataError, match="lacks the weights embedder"):
        loaded(made, store, str(folder), steps=0)


def test_a_prediction_is_said_in_words(made, tmp_path):
    """A store whose articles go through the texts in order, a run, and what it says comes next."""
    from tiny_vec2text import TEXTS

    rows = made.vectors.numpy().astype(np.float32)
    articles = [np.roll(np.arange(12), -turn) for turn in range(12)]
    order = np.concatenate(articles)
    place = tmp_path / "days"
    place.mkdir()
    np.save(place / "vectors.npy", rows[order])
    np.save(place / "offsets.npy", np.arange(13) * 12)
    lines = "".join(json.dumps(TEXTS[row]) + "\n" for row in order)
    (place / "chunks.jsonl").write_text(lines)
    small = {"layers": 1, "width": 16, "heads": 2, "feedforward": 16, "min_article": 6}
    run = lvmctl.train("p8", data=str(place), epochs=1, out=tmp_path / "run", context=4, **small)
    options = {"inversion": made.good, "corrector": made.right, "steps": 2}
    (one,) = lvmctl.predict(run.path, article=2, at=6, decode="vec2text", decoder_options=options)
    q = lvmctl.load(run.path).predict(rows[articles[2][2:6]])
    (text,) = loaded(made, place, made.good, made.right, steps=2).decode(q[None]).texts
    assert one.decoded["text"] == text
    assert -1 <= one.decoded["cosine"] <= 1
    assert one.next["text"] == TEXTS[articles[2][6]]


def test_names_that_checkpoints_had_once(made, store, tmp_path):
    from safetensors.torch import load_file, save_file

    folder = Path(shutil.copytree(made.good, tmp_path / "old"))
    weights = load_file(folder / "model.safetensors")
    for name in ("weight", "bias"):
        weights[f"embedding_transform.2.{name}"] = weights.pop(f"embedding_transform.3.{name}")
    save_file(weights, folder / "model.safetensors")
    decoded = loaded(made, store, str(folder), steps=0).decode(store.vectors)
    assert decoded.texts == list(store.texts)

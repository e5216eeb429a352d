"""A store's files against the record of their hashes."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from made import sphere

from lvmctl.core import hashes
from lvmctl.core.errors import DataError
from lvmctl.data.store import store as module
from lvmctl.data.store.store import Store
from lvmctl.data.store.writer import write_store

TEXTS = [f"text {row}" for row in range(60)]


@pytest.fixture
def path(tmp_path):
    rows = sphere(60, 8).astype("float32")
    with write_store(tmp_path / "store", 8) as writer:
        writer.article({"title": "a"}, rows[:40], TEXTS[:40])
        writer.article({"title": "b"}, rows[40:], TEXTS[40:])
    return tmp_path / "store"


def test_every_file_is_recorded(path):
    files = hashes.read_record(path, DataError)
    assert set(files) == {"vectors.npy", "offsets.npy", "store.json", "chunks.jsonl"}
    assert Store.open(path).notices == ()
    assert list(Store.open(path).texts()) == TEXTS


SHORTER, LONGER = TEXTS[:-1], [*TEXTS, "more"]
SHIFTED = ["more", *TEXTS[:-1]]


@pytest.mark.parametrize("texts", [SHORTER, LONGER, SHIFTED], ids=["shorter", "longer", "shifted"])
def test_texts_of_other_rows_are_refused(path, texts):
    (path / "chunks.jsonl").write_text("".join(f"{json.dumps(text)}\n" for text in texts))
    store = Store.open(path)
    for read in (lambda: next(store.texts()), lambda: store.text_lines):
        with pytest.raises(DataError, match=r"chunks\.jsonl: changed since .*which is optional"):
            read()


@pytest.mark.parametrize("texts", [SHORTER, LONGER])
def test_without_a_record_the_lines_are_counted(path, texts):
    (path / "hashes.json").unlink()
    assert list(Store.open(path).texts()) == TEXTS
    (path / "chunks.jsonl").write_text("".join(f"{json.dumps(text)}\n" for text in texts))
    with pytest.raises(DataError, match=rf"has {len(texts)} lines for 60 chunks"):
        next(Store.open(path).texts())


def test_a_manifest_that_was_edited_is_reported(path):
    manifest = json.loads((path / "store.json").read_text())
    (path / "store.json").write_text(json.dumps(manifest | {"note": "mine"}))
    (notice,) = Store.open(path).notices
    assert "store.json changed since lvmctl wrote it" in notice


def test_large_vectors_are_not_read_whole(path, monkeypatch):
    whole = Store.open(path)
    shutil.rmtree(path)
    monkeypatch.setattr(hashes, "SMALL", 1000)
    monkeypatch.setattr(hashes, "SAMPLE_BYTES", 16)
    monkeypatch.setattr(hashes, "SAMPLES", 4)
    with write_store(path, 8) as writer:
        writer.article({"title": "a"}, whole.vectors[:40])
        writer.article({"title": "b"}, whole.vectors[40:])
    monkeypatch.setattr(module, "scan", None)
    store = Store.open(path)
    assert (store.content_hash, store.unit, store.exact) == (whole.content_hash, True, whole.exact)
    vectors = np.load(path / "vectors.npy")
    vectors[-1] *= -1
    np.save(path / "vectors.npy", vectors)
    with pytest.raises(DataError, match=r"vectors\.npy: changed since"):
        Store.open(path)


def test_offsets_that_changed_are_refused(path):
    np.save(path / "offsets.npy", np.array([0, 30, 60]))
    with pytest.raises(DataError, match=r"offsets\.npy: changed since"):
        Store.open(path)

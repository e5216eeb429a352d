"""Vectors in, vectors out: the predictions of the model, read in blocks, written whole."""

from __future__ import annotations

import numpy as np
import pytest

import lvmctl
from lvmctl.api.predict_file import predict_file
from lvmctl.core.errors import DataError, OutputError


@pytest.fixture
def contexts(tmp_path) -> tuple:
    """A file of contexts, of any norm, and what is in it."""
    rows = np.random.default_rng(0).standard_normal((20, 5, 16)).astype(np.float32)
    np.save(tmp_path / "c.npy", rows)
    return tmp_path / "c.npy", rows


@pytest.mark.parametrize("together", [1, 7, 99])
def test_predictions_are_those_of_the_model(p8_run, contexts, tmp_path, monkeypatch, together):
    path, rows = contexts
    monkeypatch.setattr("lvmctl.data.store.arrays.BLOCK_BYTES", together * 4 * 80)
    written = predict_file(p8_run, path, tmp_path / "q.npy")
    assert written == (tmp_path / "q.npy", 20, 16, 0)
    q = np.load(tmp_path / "q.npy")
    assert q.dtype == np.float32
    units = rows / np.linalg.norm(rows, axis=2, keepdims=True)
    assert np.allclose(q, lvmctl.load(p8_run).predict(units), atol=1e-6)


def test_one_context_and_a_short_one(p8_run, contexts, tmp_path):
    _, rows = contexts
    np.save(tmp_path / "one.npy", rows[0, :3].astype(np.float64))
    written = predict_file(p8_run, tmp_path / "one.npy", tmp_path / "q.npy")
    assert (written.contexts, written.padded) == (1, 2)
    units = rows[0, :3] / np.linalg.norm(rows[0, :3], axis=1, keepdims=True)
    q = np.load(tmp_path / "q.npy")
    assert q.shape == (16,)
    assert np.allclose(q, lvmctl.load(p8_run).predict(units), atol=1e-6)


def test_no_context(p8_run, tmp_path):
    np.save(tmp_path / "none.npy", np.empty((0, 5, 16), np.float32))
    assert predict_file(p8_run, tmp_path / "none.npy", tmp_path / "q.npy").contexts == 0
    assert np.load(tmp_path / "q.npy").shape == (0, 16)


def test_nothing_is_left_where_a_vector_is_bad(p8_run, contexts, tmp_path, monkeypatch):
    path, rows = contexts
    monkeypatch.setattr("lvmctl.data.store.arrays.BLOCK_BYTES", 7 * 4 * 80)
    rows[16, 2, 3] = np.nan
    np.save(path, rows)
    with pytest.raises(DataError, match=r"npy\[14:20\]: context holds NaN or infinity at \[2, 2"):
        predict_file(p8_run, path, tmp_path / "q.npy")
    assert [file.name for file in tmp_path.iterdir()] == ["c.npy"]


@pytest.mark.parametrize(
    ("array", "what"),
    [
        (np.ones((2, 5, 9)), "vectors of 9 numbers"),
        (np.ones(16), "has shape"),
        (np.array(["a"]), "has shape"),
        (np.array([[["a"]]]), "not numbers"),
    ],
)
def test_arrays_that_are_refused(p8_run, tmp_path, array, what):
    np.save(tmp_path / "c.npy", array)
    with pytest.raises(DataError, match=what):
        predict_file(p8_run, tmp_path / "c.npy", tmp_path / "q.npy")


def test_a_file_is_replaced_only_by_force(p8_run, contexts, tmp_path):
    (tmp_path / "q.npy").write_bytes(b"mine")
    with pytest.raises(OutputError, match="already exists"):
        predict_file(p8_run, contexts[0], tmp_path / "q.npy")
    assert (tmp_path / "q.npy").read_bytes() == b"mine"
    predict_file(p8_run, contexts[0], tmp_path / "q.npy", force=True)
    assert len(np.load(tmp_path / "q.npy")) == 20

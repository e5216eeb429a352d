"""Small stores, good and bad."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from lvmctl.data import Store, write_store


def _unit_rows(rows: int, dim: int = 8, seed: int = 0) -> np.ndarray:
    x = np.random.default_rng(seed).standard_normal((rows, dim))
    return (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture
def unit_rows():
    """``unit_rows(rows, dim=8, seed=0)``: random float32 unit vectors."""
    return _unit_rows


@pytest.fixture
def make_store(tmp_path: Path):
    """``make_store([7, 5], name="store", dim=8, entries=None)``: a written and opened store."""

    def make(lengths, name="store", dim=8, seed=0, entries=None, dtype="float32"):
        rows = _unit_rows(sum(lengths), dim, seed)
        with write_store(tmp_path / name, dim, dtype) as writer:
            low = 0
            for index, length in enumerate(lengths):
                entry = dict(entries[index]) if entries else {}
                writer.article(entry, rows[low : low + length])
                low += length
        return Store.open(tmp_path / name)

    return make


@pytest.fixture
def raw_store(tmp_path: Path):
    """``raw_store(vectors=…, offsets=…, manifest=…)``: the path of a store as it was written."""

    def make(vectors=None, offsets=None, manifest=None, name="raw"):
        path = tmp_path / name
        path.mkdir()
        vectors = _unit_rows(10) if vectors is None else vectors
        offsets = np.array([0, 4, len(vectors)]) if offsets is None else offsets
        np.save(path / "vectors.npy", vectors, allow_pickle=True)
        np.save(path / "offsets.npy", offsets)
        if manifest is not None:
            (path / "store.json").write_text(json.dumps(manifest))
        return path

    return make

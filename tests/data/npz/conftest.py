"""Window NPZ files that tests write and import."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest

import lvmctl
from lvmctl.data import Store, write_store
from lvmctl.data.npz.importing import write_npz


@pytest.fixture
def imported(tmp_path):
    """``imported(array=…)``: the store of an NPZ file of these arrays, pickles trusted."""

    def run(save=np.savez, **arrays):
        save(tmp_path / "f.npz", **arrays)
        return lvmctl.import_npz([tmp_path / "f.npz"], tmp_path / "store", trust_pickle=True)

    return run


def objects(*values):
    """An object array of one dimension, whatever its items are."""
    array = np.empty(len(values), object)
    array[:] = values
    return array


@pytest.fixture
def load(tmp_path):
    """``load(arrays, …)`` saves NPZ files, imports them and returns (store, notices)."""

    def run(*files, names=("f.npz",), save=np.savez, **options):
        paths = [tmp_path / name for name in names]
        for path, arrays in zip(paths, files):
            save(path, **arrays)
        out = Path(tempfile.mkdtemp(dir=tmp_path)) / "out"
        segments = write_npz(lambda dim, dtype: write_store(out, dim, dtype), paths, **options)
        return Store.open(out), [line for segment in segments for line in segment.lines()[1:]]

    return run

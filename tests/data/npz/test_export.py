"""Stores → window NPZ files, and back again."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvmctl.core.errors import OutputError
from lvmctl.data import Store, write_store
from lvmctl.data.npz.export import export_npz
from lvmctl.data.npz.importing import write_npz


def test_export_writes_one_file_per_split_and_refuses_to_overwrite(make_store, tmp_path):
    entries = [{"split": "train"}, {"split": "val"}]
    store = make_store([9, 7], entries=entries)
    written = export_npz(store, tmp_path / "out", 5)
    assert written == {"store_train.npz": 4, "store_val.npz": 2}
    with np.load(tmp_path / "out" / "store_val.npz") as arrays:
        assert np.array_equal(arrays["contexts"], [store.vectors[9:14], store.vectors[10:15]])
        assert np.array_equal(arrays["targets"], store.vectors[14:16])
        assert arrays["target_indices"].tolist() == [5, 6]
        assert sorted(arrays) == ["article_ids", "contexts", "target_indices", "targets"]
    with pytest.raises(OutputError, match="already exists"):
        export_npz(store, tmp_path / "out", 5)
    export_npz(store, tmp_path / "out", 5, horizon=2, force=True)
    with np.load(tmp_path / "out" / "store_train.npz") as arrays:
        assert arrays["p6_offset"] == 1


@given(
    extra=st.lists(st.integers(0, 6), min_size=1, max_size=6),
    context=st.integers(1, 4),
    horizon=st.integers(1, 3),
    half=st.booleans(),
    names=st.sampled_from(["none", "text", "numbers", "same"]),
    seed=st.integers(0, 3),
)
def test_import_export_import_is_the_identity(extra, context, horizon, half, names, seed):
    lengths = [context - 1 + 2 * horizon + more for more in extra]
    rng = np.random.default_rng(seed)
    rows = rng.standard_normal((sum(lengths), 4)).astype("float16" if half else "float32")
    ids = {
        "none": range(len(lengths)),
        "text": [f"é{9 - i}" for i in range(len(lengths))],
        "numbers": [100 - i for i in range(len(lengths))],
        "same": [7] * len(lengths),
    }[names]
    with tempfile.TemporaryDirectory() as folder:
        first = Path(folder) / "first"
        with write_store(first, 4, rows.dtype) as writer:
            low = 0
            for name, length in zip(ids, lengths):
                writer.article({"id": name}, rows[low : low + length])
                low += length
        store = Store.open(first)
        export_npz(store, Path(folder) / "npz", context, horizon)
        back = Path(folder) / "back"
        source = Path(folder) / "npz" / "first.npz"
        write_npz(lambda dim, dtype: write_store(back, dim, dtype), [source])
        again = Store.open(back)
        assert again.content_hash == store.content_hash
        assert np.array_equal(again.offsets, store.offsets)
        if names != "same":
            assert [article["id"] for article in again.articles] == list(ids)


def test_ids_that_no_array_can_hold_become_numbers(make_store, tmp_path):
    store = make_store([6, 6], entries=[{"id": 10**30}, {"id": 3}])
    export_npz(store, tmp_path / "out", 5)
    with np.load(tmp_path / "out" / "store.npz") as arrays:
        assert arrays["article_ids"].tolist() == [0, 1]

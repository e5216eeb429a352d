"""Store → Parquet → store is the identity, whatever the store holds and however rows lie."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvmctl.data import Store, write_store
from lvmctl.data.store import arrays
from lvmctl.data.tables.export import export_parquet
from lvmctl.data.tables.open import open_tables
from lvmctl.data.tables.table import ChunkTable
from lvmctl.data.tables.writing import write_table

pq = pytest.importorskip("pyarrow.parquet")

NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
ENTRIES = st.fixed_dictionaries(
    {"id": st.integers(-(1 << 62), 1 << 62) | NAMES},
    optional={
        "title": NAMES,
        "split": st.sampled_from(["train", "val", "test", "ood"]),
        "first": st.integers(1, 1000),
        "part": st.integers(2, 5),
        "corpus": NAMES,
    },
)


def taken(source, out, named=None):
    table = ChunkTable(open_tables(source), named)
    write_table(lambda dim, dtype: write_store(out, dim, dtype), table)
    return Store.open(out)


@given(
    entries=st.lists(ENTRIES, min_size=1, max_size=5),
    dim=st.integers(1, 5),
    dtype=st.sampled_from(["float32", "float16"]),
    with_texts=st.booleans(),
    with_norms=st.booleans(),
    seed=st.integers(0, 99),
    block=st.sampled_from([1, 64, 1 << 20]),
)
def test_a_store_comes_back(entries, dim, dtype, with_texts, with_norms, seed, block):
    rng = np.random.default_rng(seed)
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(arrays, "BLOCK_BYTES", block)
        path, out = Path(folder) / "first", Path(folder) / "out.parquet"
        with write_store(path, dim, dtype) as writer:
            writer.manifest.update(encoder={"name": "lsa"}, note="a note")
            for entry in entries:
                rows = rng.standard_normal((rng.integers(1, 6), dim)) + 0.01
                texts = [f"{entry.get('title')} é {i}\n" for i in range(len(rows))]
                norms = rng.random(len(rows)) if with_norms else None
                writer.add(rows, texts if with_texts else None, norms)
                writer.end_article(entry)
        store = Store.open(path)
        export_parquet(store, out)
        _same(store, taken(out, Path(folder) / "back"))
        table = pq.read_table(out)
        pq.write_table(table.take(rng.permutation(len(table))), Path(folder) / "mixed.parquet")
        _same(store, taken(Path(folder) / "mixed.parquet", Path(folder) / "again"))


def _same(store, back):
    assert back.manifest == store.manifest  # its content hash is of vectors and offsets
    assert list(back.texts()) == list(store.texts())
    norms = [path / "norms.npy" for path in (store.path, back.path)]
    assert norms[0].exists() == norms[1].exists()
    if norms[0].exists():
        assert np.array_equal(*map(np.load, norms))


def test_one_split_is_exported_alone(make_store, tmp_path):
    store = make_store([4, 3, 2], entries=[{"split": "train"}, {"split": "val"}, {"split": "val"}])
    assert export_parquet(store, tmp_path / "val.parquet", split="val") == 5
    back = taken(tmp_path / "val.parquet", tmp_path / "back")
    assert np.array_equal(back.vectors, store.vectors[4:])
    assert [article["id"] for article in back.articles] == [1, 2]


def test_memory_does_not_grow_with_the_file(tmp_path):
    """Rows in any order go through a temporary file, not through memory."""
    rows, dim = 40_000, 256  # 41 MB of vectors
    source = np.random.default_rng(0).standard_normal((rows, dim), np.float32)
    with write_store(tmp_path / "first", dim) as writer:
        for low in range(0, rows, 1000):
            writer.article({}, source[low : low + 1000])
    store = Store.open(tmp_path / "first")
    export_parquet(store, tmp_path / "all.parquet")
    mixed = pq.read_table(tmp_path / "all.parquet")
    mixed = mixed.take(np.random.default_rng(1).permutation(rows))
    pq.write_table(mixed, tmp_path / "mixed.parquet", row_group_size=2000)
    del mixed
    import pyarrow

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(arrays, "BLOCK_BYTES", 1 << 20)
        patch.setattr("lvmctl.data.tables.table.BLOCK_BYTES", 1 << 20)
        before = pyarrow.total_allocated_bytes()
        table, peak = ChunkTable(open_tables(tmp_path / "mixed.parquet")), 0
        for block in table.blocks():
            peak = max(peak, pyarrow.total_allocated_bytes() - before)
            assert block.vectors.nbytes <= 1.1 * (1 << 20)
        write_table(lambda d, t: write_store(tmp_path / "back", d, t), table)
    assert peak < 12 << 20
    assert Store.open(tmp_path / "back").content_hash == store.content_hash

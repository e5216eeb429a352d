"""Opening a store: what is accepted, and the one line for everything else."""

from __future__ import annotations

import hashlib
import json
import os

import numpy as np
import pytest

from lvmctl.core.errors import DataError
from lvmctl.core.hashes import read_record, write_recorded
from lvmctl.data import Store
from lvmctl.data.store.arrays import open_npy, require_mapped
from lvmctl.data.store.writer import write_store


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_open_maps_both_types(make_store, dtype):
    store = make_store([4, 6], dtype=dtype)
    assert isinstance(store.vectors, np.memmap)
    assert store.vectors.dtype == dtype
    assert store.lengths.tolist() == [4, 6]
    assert store.unit
    assert store.notices == ()


def test_arrays_alone_open_with_a_notice(raw_store):
    store = Store.open(raw_store())
    assert [article["id"] for article in store.articles] == [0, 1]
    assert any("no store.json" in notice for notice in store.notices)


def test_hash_is_sha256_of_vectors_then_offsets(make_store):
    store = make_store([4, 6])
    data = np.load(store.path / "vectors.npy").tobytes() + store.offsets.tobytes()
    assert store.content_hash == "sha256:" + hashlib.sha256(data).hexdigest()
    assert store.manifest["content_hash"] == store.content_hash


def test_vectors_that_are_not_unit_are_noticed_and_normalised(raw_store, unit_rows):
    from lvmctl.data import open_split

    path = raw_store(vectors=unit_rows(10) * np.float32(3))
    store = Store.open(path)
    assert not store.unit
    assert any("norm 3" in notice and "normalised" in notice for notice in store.notices)
    assert np.allclose(open_split(str(path)).unit_rows(0, 10), unit_rows(10), atol=1e-6)


@pytest.mark.parametrize(
    ("size", "unit", "exact"),
    [(1, True, True), (1 + 1e-4, True, False), (1 - 1e-4, True, False), (1.01, False, False)],
)
def test_only_what_float32_rounds_needs_no_normalising(raw_store, unit_rows, size, unit, exact):
    rows = unit_rows(10)
    rows[3] *= np.float32(size)
    store = Store.open(raw_store(vectors=rows))
    assert (store.unit, store.exact) == (unit, exact)


def test_float16_rounding_counts_as_unit(raw_store, unit_rows):
    assert Store.open(raw_store(vectors=unit_rows(10, dim=384).astype(np.float16))).unit


def _with(rows, row, value):
    rows = rows.copy()
    rows[row] = value
    return rows


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda v: v[None], "has rank 3"),
        (lambda v: v[:, 0], "has rank 1"),
        (lambda v: v.astype(np.float64), "is float64, vectors are float32 or float16"),
        (lambda v: (v * 9).astype(np.int32), "is int32"),
        (lambda v: v.astype(object), "pickled Python objects, which are never loaded"),
        (lambda v: np.asfortranarray(v), "is in Fortran order"),
        (lambda v: v[:0], "is empty"),
        (lambda v: _with(v, (7, 2), np.nan), "row 7 holds NaN or Inf"),
        (lambda v: _with(v, (3, 0), np.inf), "row 3 holds NaN or Inf"),
        (lambda v: _with(v, 5, 0), "row 5 is a zero vector"),
        (lambda v: _with(v, (1, 1), 1e30), "row 1 is too large"),
    ],
)
def test_bad_vectors(raw_store, unit_rows, change, message):
    vectors = change(unit_rows(10))
    offsets = np.array([0, 4, 10])
    with pytest.raises(DataError, match=message) as caught:
        Store.open(raw_store(vectors=vectors, offsets=offsets))
    assert "vectors.npy" in str(caught.value)
    assert caught.value.exit_code == 3


@pytest.mark.parametrize(
    ("offsets", "message"),
    [
        ([0, 6, 4, 10], "does not increase: entry 1 is 6, entry 2 is 4"),
        ([0, 4, 4, 10], "does not increase"),
        ([0, 4, 9], "covers rows 0 to 9, the vectors have rows 0 to 10"),
        ([0, 4, 12], "covers rows 0 to 12"),
        ([1, 4, 10], "covers rows 1 to 10"),
        ([0], "has shape"),
        ([[0, 10]], "has shape"),
    ],
)
def test_bad_offsets(raw_store, offsets, message):
    with pytest.raises(DataError, match=message):
        Store.open(raw_store(offsets=np.array(offsets)))


def test_offsets_of_another_type(raw_store):
    with pytest.raises(DataError, match="is int32, offsets are int64"):
        Store.open(raw_store(offsets=np.array([0, 4, 10], np.int32)))


@pytest.mark.parametrize("cut", [1, 4, 100])
def test_truncated_vectors_are_refused_before_mapping(make_store, cut):
    path = make_store([4, 6]).path
    data = (path / "vectors.npy").read_bytes()
    (path / "vectors.npy").write_bytes(data[:-cut])
    with pytest.raises(DataError, match=r"truncated: its header promises 320 bytes"):
        Store.open(path)


def test_a_header_that_promises_the_world_costs_nothing(make_store):
    path = make_store([4, 6]).path
    data = (path / "vectors.npy").read_bytes()
    huge = data.replace(b"(10, 8), }" + b" " * 16, b"(10000000000000000, 8), }" + b" ")
    assert len(huge) == len(data)
    (path / "vectors.npy").write_bytes(huge)
    with pytest.raises(DataError, match="truncated"):
        Store.open(path)


def test_extra_bytes_and_damaged_headers(make_store):
    path = make_store([4, 6]).path
    data = (path / "vectors.npy").read_bytes()
    (path / "vectors.npy").write_bytes(data + b"x")
    with pytest.raises(DataError, match="1 bytes longer than its header says"):
        Store.open(path)
    (path / "vectors.npy").write_bytes(b"not numpy")
    with pytest.raises(DataError, match=r"not an .npy array"):
        Store.open(path)


def test_changed_vectors_do_not_match_their_hash(make_store, unit_rows):
    path = make_store([4, 6]).path
    np.save(path / "vectors.npy", unit_rows(10, seed=9))
    with pytest.raises(DataError, match=r"changed since store.json was written"):
        Store.open(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "lvmctl.store/2"}, "has format 'lvmctl.store/2'"),
        ({"dim": 9}, "says dim 9, the arrays have 8"),
        ({"chunks": 11}, "says chunks 11, the arrays have 10"),
        ({"articles": [{"id": 0}]}, "lists 1 articles, offsets.npy has 2"),
        ({"articles": None}, "articles is null, not a list"),
        ({"articles": [{"split": "tset"}, {}]}, "article 0 is in split 'tset'"),
        ({"articles": [{}, {"first": "x"}]}, "article 1 has 'x' as first"),
        ({"windows": {"context": 5, "horizon": 2}}, "every article is 5 chunks and a target"),
        ({"windows": [5]}, "damaged windows entry"),
    ],
)
def test_manifests_that_speak_of_something_else(make_store, change, message):
    path = make_store([4, 6]).path
    manifest = json.loads((path / "store.json").read_text()) | change
    (path / "store.json").write_text(json.dumps(manifest))
    with pytest.raises(DataError, match=message):
        Store.open(path)


def test_broken_json_names_the_line(make_store):
    path = make_store([4, 6]).path
    (path / "store.json").write_text('{\n"format": }')
    with pytest.raises(DataError, match=r"store.json:2: is not JSON"):
        Store.open(path)


def test_missing_and_foreign_directories(tmp_path):
    with pytest.raises(DataError, match="no such store"):
        Store.open(tmp_path / "nothing")
    with pytest.raises(DataError, match="not a vector store"):
        Store.open(tmp_path)


@pytest.mark.parametrize("line", [b"{}", b"not json", b'"\xff"'])
def test_damaged_texts_name_the_line(make_store, line):
    store = make_store([1, 1])
    (store.path / "chunks.jsonl").write_bytes(b'"fine"\n' + line + b"\n")
    with pytest.raises(DataError, match=r"chunks.jsonl:2: is no.*delete chunks.jsonl"):
        list(store.texts())


def test_a_manifest_that_is_replaced_while_it_is_read_is_not_called_edited(tmp_path, monkeypatch):
    with write_store(tmp_path / "s", 2) as writer:
        writer.article({"id": 0, "title": "old"}, np.eye(2, dtype=np.float32))
    manifest = tmp_path / "s" / "store.json"
    before = read_record(tmp_path / "s", DataError)
    text = manifest.read_text().replace("old", "new")
    write_recorded(manifest, text.encode(), DataError)
    records = iter([before, read_record(tmp_path / "s", DataError)] + [before] * 2)
    monkeypatch.setattr("lvmctl.data.store.store.read_record", lambda *_: next(records))
    assert Store.open(tmp_path / "s").notices == ()
    (notice,) = Store.open(tmp_path / "s").notices
    assert "changed since" in notice


def test_a_file_that_is_truncated_while_it_is_mapped_is_refused(tmp_path):
    path = tmp_path / "vectors.npy"
    np.save(path, np.ones((5000, 8), np.float32))
    rows = open_npy(path)
    require_mapped(rows[1:], "books")
    os.truncate(path, 100_000)
    with pytest.raises(DataError, match=r"books: .*truncated by 60,128 bytes.*--resume"):
        require_mapped(rows[1:], "books")


def test_a_file_that_is_replaced_and_an_array_in_memory_are_whole(tmp_path):
    path = tmp_path / "vectors.npy"
    np.save(path, np.ones((5000, 8), np.float32))
    rows = open_npy(path)
    np.save(tmp_path / "other.npy", np.ones((2, 8), np.float32))
    os.replace(tmp_path / "other.npy", path)
    require_mapped(rows, "books")
    require_mapped(np.ones((2, 8)), "books")

"""Arrays and JSON lines as tables: the same chunks from every kind of file, and broken ones."""

from __future__ import annotations

import json
import os

import numpy as np
import pytest

import lvmctl
from lvmctl.core.errors import DataError
from lvmctl.data.tables.open import SUFFIXES, open_tables

ROWS = np.random.default_rng(0).standard_normal((7, 4)).astype("float32")
IDS = np.repeat([0, 1], [4, 3])


def taken(files, tmp_path, **options):
    return lvmctl.store_from(files, tmp_path / "store", **options)


def npy(tmp_path, **arrays):
    for name, array in arrays.items():
        np.save(tmp_path / f"{name}.npy", array)
    return [tmp_path / f"{name}.npy" for name in arrays]


def safetensors(path, arrays, **changed):
    """A file as the library writes it."""
    entries, data = {"__metadata__": {"by": "a test"}}, b""
    for name, array in arrays.items():
        kind = {"f4": "F32", "f2": "F16", "i8": "I64"}[array.dtype.str[1:]]
        ends = [len(data), len(data) + array.nbytes]
        entries[name] = {"dtype": kind, "shape": array.shape, "data_offsets": ends} | changed
        data += array.tobytes()
    header = json.dumps(entries).encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header + data)
    return path


def lines(path, records):
    path.write_text("\n".join(json.dumps(record) for record in records), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "beside",
    [{"offsets": np.array([0, 4, 7])}, {"article_ids": IDS}, {"labels": IDS}],
)
def test_arrays_beside_vectors_say_the_articles(beside, tmp_path):
    for files in (
        npy(tmp_path, vectors=ROWS, **beside),
        safetensors(tmp_path / "f.safetensors", {"emb": ROWS, **beside}),
    ):
        store = taken(files, tmp_path, force=True)
        assert store.lengths.tolist() == [4, 3]
        assert np.array_equal(store.vectors, ROWS)


def test_articles_may_be_named_and_rows_in_any_order(tmp_path):
    order = np.random.default_rng(1).permutation(7)
    names, places = np.array(["a", "b"])[IDS], np.array([0, 1, 2, 3, 0, 1, 2])
    files = npy(tmp_path, v=ROWS[order], doc=names[order], position=places[order])
    store = taken(files, tmp_path)
    by_name = {entry["id"]: at for at, entry in enumerate(store.articles)}
    assert sorted(by_name) == ["a", "b"]
    first = store.lengths[: by_name["b"]].sum()
    assert np.array_equal(store.vectors[first : first + 3], ROWS[4:])


def test_float16_stays(tmp_path):
    file = safetensors(tmp_path / "f.safetensors", {"vectors": ROWS.astype("float16")})
    assert taken(file, tmp_path).vectors.dtype == np.float16


def test_lines_of_chunks_and_of_documents(tmp_path):
    chunks = [
        {"vector": row.tolist(), "text": f"é{i}", "article": f"a{IDS[i]}", "title": None}
        for i, row in enumerate(ROWS)
    ]
    store = taken(lines(tmp_path / "val.jsonl", chunks), tmp_path)
    assert store.articles == [{"id": "a0", "split": "val"}, {"id": "a1", "split": "val"}]
    assert np.array_equal(store.vectors, ROWS)
    assert store.texts[6] == "é6"
    documents = [
        {"texts": list("abcd"), "embeddings": ROWS[:4].tolist(), "title": "One"},
        {"texts": list("efg"), "embeddings": ROWS[4:].tolist()},
    ]
    store = taken(lines(tmp_path / "d.jsonl", documents), tmp_path, force=True)
    assert store.articles == [{"id": 0, "title": "One"}, {"id": 1}]
    assert np.array_equal(store.vectors, ROWS)
    assert "".join(store.texts) == "abcdefg"


def test_a_folder_holds_splits(tmp_path):
    for name in ("train", "test"):
        (tmp_path / "all" / name).mkdir(parents=True)
        records = [{"vector": row.tolist(), "article": "x"} for row in ROWS]
        lines(tmp_path / "all" / name / "part.jsonl", records)
    assert taken(tmp_path / "all", tmp_path).splits == {"train": 1, "test": 1}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"text": "a"}', "embed its texts with lvmctl data embed"),
        ('{"vector": [1.0]}\n{"vector": [1.0, 2.0]}', "vectors of 1 and 2 numbers"),
        ('{"vector": [1.0]}\n{"text": "a"}', "a row without a vector"),
        ('{"vector": [1.0, "a"]}', "something else than numbers"),
        ('{"vector": [1.0, NaN]}', "holds NaN or Inf"),
        ('{"vector": [1.0]}\nnothing', r"f\.jsonl:2: is not JSON"),
        ("[1]", "is no object"),
        ("", "has no column of vectors"),
    ],
)
def test_lines_that_cannot_be_read(text, said, tmp_path):
    (tmp_path / "f.jsonl").write_text(text)
    with pytest.raises(DataError, match=said):
        taken(tmp_path / "f.jsonl", tmp_path)
    assert not (tmp_path / "store").exists()


def test_arrays_that_do_not_fit(tmp_path):
    for arrays, said in (
        ({"a": ROWS, "b": ROWS}, r"holds 2 arrays of vectors \(a, b\)"),
        ({"a": ROWS, "ids": IDS[:3]}, r"has shape \(3,\), the vectors have 7 rows"),
        ({"a": ROWS, "offsets": np.array([0, 9])}, "covers rows 0 to 9"),
        ({"a": ROWS.astype(int)}, "not floats"),
    ):
        with pytest.raises(DataError, match=said):
            taken(npy(tmp_path, **arrays), tmp_path)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"dtype": "BF16"}, "is BF16"),
        ({"data_offsets": [0, 9999]}, "outside its file"),
        ({"data_offsets": [-8, 104]}, "outside its file"),
        ({"shape": [7, 5]}, "is truncated"),
        ({"shape": None}, "a damaged header"),
    ],
)
def test_damaged_safetensors(changed, said, tmp_path):
    with pytest.raises(DataError, match=said):
        taken(safetensors(tmp_path / "f.safetensors", {"v": ROWS}, **changed), tmp_path)


@pytest.mark.parametrize("data", [b"", b"1234", b"\xff" * 20, (2).to_bytes(8, "little") + b"[]"])
def test_what_is_no_safetensors(data, tmp_path):
    (tmp_path / "f.safetensors").write_bytes(data)
    with pytest.raises(DataError, match="safetensors"):
        taken(tmp_path / "f.safetensors", tmp_path)


def test_offsets_are_known_by_their_ends(tmp_path):
    store = taken(npy(tmp_path, rows=ROWS, ends=np.array([0, 4, 7])), tmp_path)
    assert store.lengths.tolist() == [4, 3]
    with pytest.raises(DataError, match=r"\[other\].*or offsets from 0 to 7"):
        taken(npy(tmp_path, rows=ROWS, other=np.array([0, 4])), tmp_path, force=True)


def test_arrays_of_any_order_and_type_are_converted_with_a_notice(tmp_path):
    files = npy(tmp_path, rows=np.asfortranarray(ROWS.astype(">f8")), ids=IDS)
    store = taken(files, tmp_path)
    assert store.vectors.dtype == np.float32
    assert np.array_equal(store.vectors, ROWS)
    said = "\n".join(store.notices)
    assert "holds >f8; float32 is stored" in said
    assert "Fortran order" in said


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
@pytest.mark.parametrize("suffix", [*SUFFIXES, ".npy"])
def test_a_pipe_is_refused_and_not_waited_for(tmp_path, suffix):
    path = tmp_path / f"vectors{suffix}"
    os.mkfifo(path)
    with pytest.raises(DataError, match="a pipe or a device"):
        open_tables(path)

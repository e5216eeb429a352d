"""Vectors in many files read as those of one."""

from __future__ import annotations

import json
import os
import shutil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvmctl.core import hashes
from lvmctl.core.errors import DataError
from lvmctl.core.hashes import write_record
from lvmctl.data import Store, write_store
from lvmctl.data.store import many_files
from lvmctl.data.store.arrays import mappings_of, release, require_mapped
from lvmctl.data.store.many_files import ManyFiles
from lvmctl.data.store.writer import copy_articles, write_like

LENGTHS = [7, 1, 5, 4]


@pytest.fixture
def written(tmp_path, unit_rows):
    """``written(rows_per_file)``: the path of a store of 17 chunks in four articles."""

    def write(rows_per_file=None, name="store"):
        rows = unit_rows(sum(LENGTHS))
        with write_store(tmp_path / name, 8, rows_per_file=rows_per_file) as writer:
            for end, length in zip(np.cumsum(LENGTHS), LENGTHS):
                writer.article({}, rows[end - length : end], ["a"] * length)
        return tmp_path / name

    return write


def files_of(folder, rows: np.ndarray, cuts: list[int]) -> ManyFiles:
    names = []
    for number, part in enumerate(np.split(rows, sorted(cuts))):
        names.append(f"{number}.npy")
        np.save(folder / names[-1], part)
    return ManyFiles.open(folder, names)


INDICES = st.one_of(
    st.slices(12),
    st.integers(-12, 11),
    st.lists(st.integers(-12, 11), max_size=9),
    st.lists(st.booleans(), min_size=12, max_size=12).map(lambda mask: np.array(mask)),
    st.lists(st.integers(0, 11), min_size=6, max_size=6).map(lambda x: np.reshape(x, (3, 2))),
)


@given(cuts=st.lists(st.integers(0, 12), max_size=13), index=INDICES)
def test_any_files_read_as_one_array(tmp_path_factory, cuts, index):
    folder = tmp_path_factory.mktemp("files")
    rows = np.arange(36, dtype=np.float32).reshape(12, 3)
    many = files_of(folder, rows, cuts)
    index = np.array(index, np.int64) if isinstance(index, list) else index
    found = many[index]
    assert found.dtype == rows.dtype
    np.testing.assert_array_equal(found, rows[index])
    shutil.rmtree(folder)


@pytest.mark.parametrize("cuts", [[], [4], [0, 12], list(range(12))])
def test_the_whole_has_the_form_of_an_array(tmp_path, cuts):
    rows = np.arange(36, dtype=np.float16).reshape(12, 3)
    many = files_of(tmp_path, rows, cuts)
    assert (many.shape, len(many), many.dtype, many.itemsize, many.ndim) == (
        *(rows.shape, 12, rows.dtype, 2, 2),
    )
    np.testing.assert_array_equal(np.asarray(many), rows)
    np.testing.assert_array_equal(np.asarray(many, np.float64), rows)


@pytest.mark.parametrize("index", [12, -13, [3, 12], np.ones(11, bool), 1.5, "a"])
def test_rows_that_are_not_there_are_index_errors(tmp_path, index):
    many = files_of(tmp_path, np.ones((12, 3), np.float32), [5])
    with pytest.raises(IndexError):
        many[index]


def test_a_file_is_mapped_when_it_is_read_and_few_stay_mapped(tmp_path, monkeypatch):
    monkeypatch.setattr(many_files, "MAX_MAPPED", 3)
    many = files_of(tmp_path, np.ones((12, 3), np.float32), list(range(1, 12)))
    assert mappings_of(many) == []
    many[[2, 5]]
    assert len(mappings_of(many)) == 2
    assert many[:].shape == (12, 3)
    assert len(mappings_of(many)) == 3
    release(many)
    assert (many[:] == 1).all()


def test_a_truncated_file_is_refused_mapped_or_not(tmp_path):
    many = files_of(tmp_path, np.ones((4000, 8), np.float32), [1000])
    many[:10]
    os.truncate(tmp_path / "1.npy", 20_000)
    require_mapped(many, "books")
    with pytest.raises(DataError, match=r"1\.npy: is truncated"):
        many[2000]
    os.truncate(tmp_path / "0.npy", 20_000)
    with pytest.raises(DataError, match=r"books: .*truncated"):
        require_mapped(many, "books")


@pytest.mark.parametrize(("size", "count"), [(1, 17), (5, 4), (17, 1), (100, 1)])
def test_a_store_of_many_files_is_that_of_one(written, size, count):
    one, many = Store.open(written()), Store.open(written(size, "many"))
    names = [f"vectors-{number:05d}.npy" for number in range(1, count + 1)]
    assert many.manifest["files"] == names
    assert sorted(p.name for p in many.path.glob("vectors*")) == names
    assert [len(np.load(many.path / name)) for name in names][:-1] == [size] * (count - 1)
    assert many.content_hash == one.content_hash
    assert "files" not in one.manifest
    np.testing.assert_array_equal(many.vectors[:], one.vectors)
    assert list(many.texts()) == list(one.texts())


def test_a_copy_has_as_many_rows_of_a_file_as_its_source(written, tmp_path):
    for size, names in ((None, ["vectors.npy"]), (6, ["vectors-00001.npy", "vectors-00002.npy"])):
        store = Store.open(written(size, f"from-{size}"))
        with write_like(tmp_path / f"to-{size}", store) as writer:
            copy_articles(writer, store, store.offsets[[0, 2]])
        copied = Store.open(tmp_path / f"to-{size}")
        assert sorted(p.name for p in copied.path.glob("vectors*")) == names
        np.testing.assert_array_equal(copied.vectors[7:], store.vectors[8:13])


def drop(path):
    path.unlink()


def truncate(path):
    os.truncate(path, path.stat().st_size - 4)


def other_type(path):
    np.save(path, np.load(path).astype(np.float16))


def other_width(path):
    np.save(path, np.load(path)[:, :7])


def other_rank(path):
    np.save(path, np.load(path)[0])


def noise(path):
    path.write_bytes(b"noise")


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (drop, "is missing"),
        (truncate, "is truncated"),
        (other_type, "is float16, vectors-00001.npy is float32"),
        (other_width, "has 7 columns, vectors-00001.npy has 8"),
        (other_rank, "has rank 1"),
        (noise, "is not an .npy array"),
    ],
)
def test_a_file_that_does_not_fit_is_named(written, damage, words):
    path = written(5)
    damage(path / "vectors-00003.npy")
    with pytest.raises(DataError) as error:
        Store.open(path)
    assert "vectors-00003.npy" in str(error.value)
    assert words in str(error.value)


def test_a_file_of_other_content_is_refused(written):
    path = written(5)
    rows = np.load(path / "vectors-00002.npy")
    np.save(path / "vectors-00002.npy", rows[::-1].copy())
    with pytest.raises(DataError, match=r"its vectors or offsets\.npy changed"):
        Store.open(path)


def test_of_large_vectors_each_file_is_compared_when_it_is_read(written, monkeypatch):
    """Opening reads none of them, as of one large file it reads samples alone."""
    monkeypatch.setattr(hashes, "SMALL", 100)
    path = written(5)
    rows = np.load(path / "vectors-00002.npy")
    np.save(path / "vectors-00002.npy", rows[::-1].copy())
    store = Store.open(path)
    assert store.vectors[:5].shape == (5, 8)
    with pytest.raises(DataError, match=r"vectors-00002\.npy: changed since lvmctl wrote it"):
        store.vectors[4:6]


def test_large_vectors_of_which_a_file_is_not_recorded_are_read_whole(written, monkeypatch):
    monkeypatch.setattr(hashes, "SMALL", 100)
    path = written(5)
    record = json.loads((path / "hashes.json").read_text())["files"]
    del record["vectors-00002.npy"]
    write_record(path, record)
    rows = np.load(path / "vectors-00002.npy")
    np.save(path / "vectors-00002.npy", rows[::-1].copy())
    with pytest.raises(DataError, match="changed since"):
        Store.open(path)


@pytest.mark.parametrize("names", [["../vectors.npy"], [""], ["a/b.npy"]])
def test_files_elsewhere_are_not_read(written, names):
    path = written(5)
    manifest = json.loads((path / "store.json").read_text())
    (path / "store.json").write_text(json.dumps(manifest | {"files": names}))
    with pytest.raises(DataError, match="no name of a file beside it"):
        Store.open(path)


def test_without_its_manifest_a_store_of_many_files_says_so(written):
    path = written(5)
    (path / "store.json").unlink()
    with pytest.raises(DataError, match=r"many files, and no store\.json"):
        Store.open(path)

"""A store appears whole or not at all."""

from __future__ import annotations

import errno
import os
import subprocess
import sys

import numpy as np
import pytest

from lvmctl.core.errors import DataError, OutputError
from lvmctl.data import Store
from lvmctl.data.store import writer
from lvmctl.data.store.writer import write_store


def _write(path, rows, **options):
    with write_store(path, rows.shape[1], **options) as out:
        out.article({"id": "a"}, rows[:3])
        out.add(rows[3:5])
        out.add(rows[5:])
        out.end_article({"id": "b"})


def test_rows_come_back_as_they_were(tmp_path, unit_rows):
    rows = unit_rows(9)
    _write(tmp_path / "store", rows)
    store = Store.open(tmp_path / "store")
    assert np.array_equal(store.vectors, rows)
    assert store.offsets.tolist() == [0, 3, 9]
    assert [article["id"] for article in store.articles] == ["a", "b"]


@pytest.mark.parametrize("row", [0, 4, 8])
def test_one_row_makes_a_store_not_normalized(tmp_path, unit_rows, row):
    rows = unit_rows(9)
    _write(tmp_path / "unit", rows)
    rows[row] *= 2
    _write(tmp_path / "store", rows)
    assert Store.open(tmp_path / "unit").manifest["normalized"] is True
    assert Store.open(tmp_path / "store").manifest["normalized"] is False


def test_an_output_that_exists_is_refused_and_kept(tmp_path, unit_rows):
    _write(tmp_path / "store", unit_rows(9))
    with pytest.raises(OutputError, match=r"already exists.*--force") as caught:
        _write(tmp_path / "store", unit_rows(9, seed=1))
    assert caught.value.exit_code == 6
    assert np.array_equal(Store.open(tmp_path / "store").vectors, unit_rows(9))
    _write(tmp_path / "store", unit_rows(9, seed=1), force=True)
    assert np.array_equal(Store.open(tmp_path / "store").vectors, unit_rows(9, seed=1))
    assert os.listdir(tmp_path) == ["store"]


def test_force_never_deletes_what_is_no_store(tmp_path, unit_rows):
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "thesis.tex").write_text("years")
    with pytest.raises(OutputError, match="--force does not replace it"):
        _write(tmp_path / "precious", unit_rows(9), force=True)
    assert (tmp_path / "precious" / "thesis.tex").read_text() == "years"


def test_a_failure_leaves_nothing_behind_and_the_old_store_in_place(tmp_path, unit_rows):
    _write(tmp_path / "store", unit_rows(9))
    bad = unit_rows(9)
    bad[4] = np.nan
    with pytest.raises(DataError, match="row 4 holds NaN"):
        _write(tmp_path / "store", bad, force=True)
    assert os.listdir(tmp_path) == ["store"]
    assert np.array_equal(Store.open(tmp_path / "store").vectors, unit_rows(9))


def test_no_chunks_and_empty_articles(tmp_path, unit_rows):
    with pytest.raises(DataError, match="no chunks to store"), write_store(tmp_path / "s", 8):
        pass
    with pytest.raises(DataError, match="has no chunks"), write_store(tmp_path / "s", 8) as out:
        out.end_article({"id": 5})
    with (
        pytest.raises(DataError, match="the others have 8 numbers"),
        write_store(tmp_path / "s", 8) as out,
    ):
        out.add(unit_rows(3, dim=9))
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("number", "message"),
    [
        (errno.ENOSPC, "no space left.*free some space"),
        (errno.EROFS, "read-only.*write elsewhere"),
        (errno.EACCES, "permission denied"),
    ],
)
def test_a_full_disk_or_a_read_only_place_is_one_line(
    tmp_path, unit_rows, monkeypatch, number, message
):
    def refuse(*args, **kwargs):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(writer.np, "save", refuse)
    with pytest.raises(OutputError, match=f"(?i){message}"):
        _write(tmp_path / "store", unit_rows(9))
    assert os.listdir(tmp_path) == []


def test_a_parent_that_is_a_file(tmp_path, unit_rows):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        _write(tmp_path / "file" / "store", unit_rows(9))


@pytest.mark.skipif(os.name != "posix", reason="needs resource limits")
def test_a_real_limit_on_the_disk(tmp_path):
    code = (
        "import resource, numpy as np\n"
        "from lvmctl.data import write_store\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))\n"
        f"with write_store({str(tmp_path / 'store')!r}, 64) as out:\n"
        "    out.article({}, np.ones((2000, 64), 'f4'))\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "OutputError" in ended.stderr
    assert "cannot be written" in ended.stderr
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("entry", "message"),
    [({"split": "tset"}, "in split 'tset'"), ({"first": -1}, "-1 as first")],
)
def test_what_the_reader_refuses_is_not_written(tmp_path, unit_rows, entry, message):
    with (
        pytest.raises(DataError, match=f"article 'a' .*{message}"),
        write_store(tmp_path / "s", 8) as written,
    ):
        written.article({"id": "a", **entry}, unit_rows(3, 8))
    assert not (tmp_path / "s").exists()


def test_names_that_are_no_utf_8_come_back(tmp_path, unit_rows):
    with write_store(tmp_path / "s", 8) as written:
        written.manifest["caf\udce9"] = ["\udcff"]
        written.article({"id": "a\udcff"}, unit_rows(3, 8), ["x", "\udce9", "z"])
    store = Store.open(tmp_path / "s")
    assert store.articles[0]["id"] == "a\udcff"
    assert store.manifest["caf\udce9"] == ["\udcff"]
    assert list(store.texts()) == ["x", "\udce9", "z"]

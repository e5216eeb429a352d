"""Numbers in NPZ files that no store can mean."""

from __future__ import annotations

import numpy as np
import pytest

import lvmctl
from lvmctl.core.errors import DataError
from lvmctl.data.splits.sources import Source

HUGE = np.uint64((1 << 64) - 1)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("p6_offset", np.array(HUGE), r"\[p6_offset\]: is not one number from 0 to 999999"),
        ("p6_offset", np.array(10**15), r"is not one number from 0"),
        ("target_indices", np.array([3, HUGE], np.uint64), r"18446744073709551615, beyond int64"),
    ],
)
def test_numbers_out_of_range(tmp_path, unit_rows, key, value, message):
    arrays = {
        "C": unit_rows(6).reshape(2, 3, 8),
        "y": unit_rows(2, seed=1),
        "article_ids": np.array([0, 1]),
        "target_indices": np.array([3, 3]),
    }
    np.savez(tmp_path / "f.npz", **{**arrays, key: value})
    with pytest.raises(DataError, match=message):
        Source.parse(str(tmp_path / "f.npz")).open()


def objects(*values):
    array = np.empty(len(values), object)
    array[:] = values
    return array


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        (objects([1], [1, 2]), "lists of unequal lengths"),
        (objects(b"a", None), "holds None as id 1"),
        (np.zeros(2, "V4"), r"is \|V4, not ids"),
        (np.zeros(2, complex), "is complex128, not ids"),
        (np.zeros(2, [("a", "i4")]), "not ids"),
    ],
)
def test_values_that_are_no_ids(tmp_path, unit_rows, ids, message):
    arrays = {"C": unit_rows(6).reshape(2, 3, 8), "y": unit_rows(2, seed=1), "article_ids": ids}
    np.savez(tmp_path / "f.npz", **arrays)
    with pytest.raises(DataError, match=rf"\[article_ids\]: .*{message}"):
        lvmctl.import_npz([tmp_path / "f.npz"], tmp_path / "s", trust_pickle=True)


@pytest.mark.parametrize(
    ("ids", "names"),
    [
        (objects("a", 1), ["a", "1"]),
        (objects(b"a", b"\xff"), ["a", "\\xff"]),
        (objects(3, 4), [3, 4]),
        (np.array(["a", "b\udcff"]), ["a", "b\udcff"]),
    ],
)
def test_ids_of_other_types(tmp_path, unit_rows, ids, names):
    arrays = {"C": unit_rows(6).reshape(2, 3, 8), "y": unit_rows(2, seed=1), "article_ids": ids}
    np.savez(tmp_path / "f.npz", **arrays)
    store = lvmctl.import_npz([tmp_path / "f.npz"], tmp_path / "s", trust_pickle=True)
    assert [article["id"] for article in store.articles] == names

import os

import numpy as np
import pytest

from lvmctl.core.errors import DataError
from lvmctl.data.store.arrays import open_npy, require_mapped


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

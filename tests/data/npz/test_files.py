"""Numbers in NPZ files that no store can mean."""

from __future__ import annotations

import numpy as np
import pytest

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

"""Rows that say where they stand → articles."""

from __future__ import annotations

import numpy as np
import pytest

from lvmctl.core.errors import DataError
from lvmctl.data.collapse import collapse


def test_far_positions_of_one_article_are_told_apart():
    far = 1 << 61
    layout = collapse(np.zeros(4, int), np.array([far, 0, far + 1, 1]))
    assert layout.lengths.tolist() == [2, 2]
    assert layout.first.tolist() == [0, far]
    assert layout.source.tolist() == [1, 3, 0, 2]


@pytest.mark.parametrize("far", [[0, 1 << 61], [-(1 << 63), (1 << 63) - 1]])
def test_positions_that_leave_64_bits_are_refused(far):
    article, position = np.repeat(np.arange(4), 2), np.tile(np.array(far), 4)
    with pytest.raises(DataError, match=r"f.npz: has positions from .* too far apart for 4 art"):
        collapse(article, position, "f.npz")

"""The curriculum on a hand-made store."""

from __future__ import annotations

import numpy as np
import pytest
from lvmctl_classic.distinct import Distinct, distinctness
from lvmctl_classic.options import DistinctOptions

from lvmctl import Split, Windows, write_store
from lvmctl.data import Store


def angle(*degrees: float) -> np.ndarray:
    radians = np.radians(degrees)
    return np.stack([np.cos(radians), np.sin(radians)], axis=1).astype(np.float32)


# Articles of three chunks: with K = 2 one window each, older, last, target.
ARTICLES = [
    (0, 90, 0),  # the target is the older chunk: d = -1
    (90, 0, 0),  # the target is last, and orthogonal to the older chunk: d = 1
    (60, 0, 0),  # d = 1 - cos 60° = .5
    (0, 60, 30),  # as near to both: d = 0
    (45, 45, 0),  # last is the older chunk: d = 0
    (90, 30, 0),  # d = cos 30° = .866
    (0, 30, 90),  # d = cos 60° = .5
    (30, 0, 0),  # d = 1 - cos 30° = .134
    (0, 90, 60),  # d = cos 30° - cos 60° = .366
    (0, 60, 0),  # d = cos 60° - 1 = -.5
]
D = [-1, 1, 0.5, 0, 0, 0.8660, 0.5, 0.1340, 0.3660, -0.5]


@pytest.fixture
def store(tmp_path):
    def make(articles) -> Split:
        with write_store(tmp_path / "store", 2) as writer:
            for number, article in enumerate(articles):
                writer.article({"id": str(number)}, angle(*article))
        return Split.of(Store.open(tmp_path / "store"))

    return make


@pytest.fixture
def windows(store) -> Windows:
    return Windows(store(ARTICLES), 2, 1)


def test_distinctness(windows):
    np.testing.assert_allclose(distinctness(windows), D, atol=1e-4)


def test_the_nearest_of_the_older_chunks_counts(store):
    windows = Windows(store([(0, 80, 90, 20)]), 3, 1)
    expected = np.cos(np.radians(70)) - np.cos(np.radians(20))
    np.testing.assert_allclose(distinctness(windows), [expected], atol=1e-6)


@pytest.mark.parametrize("epoch", [1, 4])
def test_the_first_stage_visits_the_most_distinct_third(windows, epoch):
    assert np.flatnonzero(Distinct(DistinctOptions())(windows, epoch)).tolist() == [1, 2, 5]


@pytest.mark.parametrize("epoch", [5, 14])
def test_the_second_stage_visits_seventy_percent(windows, epoch):
    # Of the windows at d = 0 the earlier comes first.
    chosen = np.flatnonzero(Distinct(DistinctOptions())(windows, epoch)).tolist()
    assert chosen == [1, 2, 3, 5, 6, 7, 8]


@pytest.mark.parametrize("epoch", [15, 34, 90])
def test_the_last_stage_visits_all(windows, epoch):
    assert Distinct(DistinctOptions())(windows, epoch).all()


def test_shares_and_stages_are_options(windows):
    gate = Distinct(DistinctOptions(shares=(0.1, 0.2), stages=(1, 1)))
    assert np.flatnonzero(gate(windows, 1)).tolist() == [1]
    assert np.flatnonzero(gate(windows, 2)).tolist() == [1, 5]
    assert np.flatnonzero(gate(windows, 3)).tolist() == [1, 5]


def test_at_least_one_window_is_visited(windows):
    gate = Distinct(DistinctOptions(shares=(1e-6,), stages=(1,)))
    assert np.flatnonzero(gate(windows, 1)).tolist() == [1]

"""Windows that overlap are split so that no chunk is in two splits."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from made import sphere, split_of

from lvmctl.api.importing import import_npz
from lvmctl.core.errors import DataError, UsageError
from lvmctl.data import Store, open_split, open_splits
from lvmctl.data.splits.assign import assign_windows
from lvmctl.data.splits.assign_store import write_splits
from lvmctl.data.splits.shared import overlap_notice, shared

TEXT = sphere(1000, 16)


@pytest.fixture
def windows(tmp_path):
    """``windows(horizon)``: a store of all windows of 5 chunks of one text, kept apart."""

    def make(horizon: int = 1, windows: int = 900, **options):
        start = np.arange(windows)
        np.savez(
            tmp_path / "windows.npz",
            contexts=TEXT[start[:, None] + np.arange(5)].astype("float32"),
            targets=TEXT[start + 4 + horizon].astype("float32"),
        )
        store = tmp_path / "store"
        import_npz([tmp_path / "windows.npz"], store, horizon=horizon, separate=True, **options)
        return Store.open(store)

    return make


def chunks_of(split) -> set[bytes]:
    return {split.vectors[row].tobytes() for row in split.rows()}


@pytest.mark.parametrize("horizon", [1, 3])
@pytest.mark.parametrize("how", ["unwritten", "written", "imported"])
def test_no_chunk_is_in_two_splits(windows, horizon, how):
    store = windows(horizon, **({"split": "80/10/10"} if how == "imported" else {}))
    if how == "written":
        write_splits(store)
    splits = open_splits(str(store.path))
    for one, other in permutations([splits.train, splits.val, splits.test], 2):
        assert not chunks_of(one) & chunks_of(other)
    counts = [len(split.lengths) for split in (splits.train, splits.val, splits.test)]
    assert 0.85 * 900 < sum(counts) < 900
    assert all(0.08 * 900 < number < 0.12 * 900 for number in counts[1:])
    assert not [notice for notice in splits.notices if "in training windows" in notice]


@pytest.mark.parametrize(("val", "test"), [(0.1, 0.1), (0.3, 0.3), (0.1, 0.0)])
@pytest.mark.parametrize("count", [54, 55, 180, 5000])
def test_windows_of_two_splits_are_a_gap_apart(count, val, test):
    splits = assign_windows(count, 6, 3, val, test)
    assert len(splits) == count
    assert set(splits) - {None} == {"train", "val"} | ({"test"} if test else set())
    for low in range(count):
        assert len({*splits[low : low + 6]} - {None}) <= 1
    assert splits.count(None) < 0.25 * count


def test_a_given_split_that_leaks_is_reported_with_its_share(windows):
    store = windows()
    names = np.random.default_rng(0).choice(["train", "val"], 900, p=[0.8, 0.2])
    for article, name in zip(store.articles, names):
        article["split"] = str(name)
    train, val = (type(open_split(str(store.path))).of(store, name) for name in ("train", "val"))
    known = chunks_of(train)
    slow = np.mean([val.vectors[row].tobytes() in known for row in val.rows()])
    overlap = shared(train, val)
    assert overlap.of_chunks == slow > 0.9
    notice = overlap_notice(overlap, val, train, "validation ")
    assert notice.startswith(f"{100 * slow:.1f} % of the {val.chunks:,} validation chunks")


def test_repeats_of_separate_windows_are_tolerated_up_to_a_hundredth():
    trained = split_of(TEXT[:600], [6] * 100, separate=True)
    for copies, is_reported in ((6, False), (7, True)):
        chunks = np.concatenate([TEXT[:copies], sphere(600 - copies, 16, seed=1)])
        held = split_of(chunks, [6] * 100, separate=True)
        notice = overlap_notice(shared(trained, held), held, trained)
        assert (notice is not None) == is_reported


def test_too_few_windows(windows):
    with pytest.raises(DataError, match=r"50 windows cannot make 3 splits.*it takes 54"):
        open_splits(str(windows(windows=50).path))


def test_windows_cannot_be_stratified(windows):
    with pytest.raises(UsageError, match=r"--stratify title.*in blocks"):
        write_splits(windows(), stratify="title")

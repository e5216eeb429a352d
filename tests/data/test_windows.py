"""Windows by index."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import split_of

from lvmctl.core.errors import DataError
from lvmctl.data import Split, Store, Windows, open_split


def _split(lengths):
    return split_of(np.random.default_rng(0).standard_normal((max(1, sum(lengths)), 3)), lengths)


@given(
    lengths=st.lists(st.integers(0, 12), min_size=1, max_size=20),
    context=st.integers(1, 7),
    horizon=st.integers(1, 4),
)
def test_windows_never_cross_an_article_and_none_is_missing(lengths, context, horizon):
    split = _split(lengths)
    span = context - 1 + horizon
    expected = [
        (article, start)
        for article, length in enumerate(lengths)
        for start in range(max(0, length - span))
    ]
    if not expected:
        with pytest.raises(DataError, match="the longest"):
            Windows(split, context, horizon)
        return
    windows = Windows(split, context, horizon)
    assert list(zip(windows.article, windows.position)) == expected
    owner = np.repeat(np.arange(len(lengths)), lengths)
    assert (owner[windows.rows] == windows.article).all()
    assert (owner[windows.rows + windows.target_offset] == windows.article).all()
    assert (windows.rows - split.starts[windows.article] == windows.position).all()


def test_of_many_windows_every_nth_is_enough():
    split = _split([203, 8])
    whole = Windows(split, 2, 1)
    few = Windows(split, 2, 1, 20)
    assert len(whole) == 207
    assert few.rows.tolist() == whole.rows[::10].tolist()
    assert few.article.tolist() == whole.article[::10].tolist()
    assert np.array_equal(few.target(), whole.target()[::10])
    assert len(Windows(split, 2, 1, 21)) == 207  # not ten times as many


def test_contexts_and_targets_are_unit_rows_oldest_first():
    split = _split([4, 9])
    windows = Windows(split, 3, 2)
    index = np.array([4, 0])
    rows = split.vectors / np.linalg.norm(split.vectors, axis=1, keepdims=True)
    # Article 0 (4 chunks) has no window of 3 + 2 chunks; windows start at row 4.
    assert np.allclose(windows.context(index), [rows[8:11], rows[4:7]], atol=1e-6)
    assert np.allclose(windows.target(index), rows[[12, 8]], atol=1e-6)
    assert windows.context(index).dtype == np.float32
    every = np.arange(len(windows))
    assert np.array_equal(windows.context(), windows.context(every))
    assert np.array_equal(windows.target(), windows.target(every))


def test_the_chunks_that_margins_are_named_after():
    split = _split([5, 9])
    rows = split.vectors / np.linalg.norm(split.vectors, axis=1, keepdims=True)
    windows = Windows(split, 3, 2)
    index = np.array([4, 2])  # from chunks 3 and 1 of the second article on
    assert np.allclose(windows.previous("last", index), rows[[10, 8]], atol=1e-6)
    assert np.allclose(windows.previous("second_last", index), rows[[9, 7]], atol=1e-6)
    assert np.allclose(windows.previous("unseen", index[:1]), rows[[6]], atol=1e-6)


def test_k_longer_than_every_article_names_the_longest():
    with pytest.raises(DataError, match=r"the 11 chunks .* need .the longest of 2 has 9"):
        Windows(_split([4, 9]), 10, 1)


def test_separate_windows_with_a_horizon(raw_store, unit_rows):
    manifest = {
        "format": "lvmctl.store/1",
        "windows": {"context": 4, "horizon": 3},
        "articles": [{"id": 0}, {"id": 1}],
    }
    path = raw_store(unit_rows(10), np.array([0, 5, 10]), manifest)
    split = open_split(str(path))
    rows = unit_rows(10)
    full = Windows(split, 4, 3)
    assert np.allclose(full.context(np.array([1])), rows[None, 5:9], atol=1e-6)
    assert np.allclose(full.target(np.array([1])), rows[None, 9], atol=1e-6)
    # A shorter context keeps the chunks next to the target.
    short = Windows(split, 2, 3)
    assert np.allclose(short.context(np.array([0])), rows[None, 2:4], atol=1e-6)
    assert np.allclose(short.target(np.array([0])), rows[None, 4], atol=1e-6)
    assert short.position.tolist() == [2, 2]
    with pytest.raises(DataError, match=r"3 chunks ahead.*--horizon 3"):
        Windows(split, 4, 1)
    with pytest.raises(DataError, match="windows of 4 chunks, context 5 cannot"):
        Windows(split, 5, 3)


@given(windows=st.integers(1, 80), seed=st.integers(0, 5))
def test_a_subset_is_whole_articles_and_just_enough(windows, seed):
    split = _split([3, 9, 12, 7, 20, 6])
    part = split.subset(windows, 4, 1, seed)
    starts = split.starts.tolist()
    assert all(start in starts for start in part.starts)
    assert sorted(part.starts) == list(part.starts)
    counts = np.maximum(part.lengths - 4, 0)
    assert counts.all()  # an article without windows is no help
    total = int(np.maximum(split.lengths - 4, 0).sum())
    assert counts.sum() >= min(windows, total)
    if counts.sum() > windows:  # without its smallest article it is too small
        assert counts.sum() - counts.max() < windows


def test_subsets_depend_on_the_seed_alone():
    split = _split([8] * 50)
    first = split.subset(40, 5, 1, 0)
    assert first.starts.tolist() == split.subset(40, 5, 1, 0).starts.tolist()
    assert first.starts.tolist() != split.subset(40, 5, 1, 1).starts.tolist()
    assert first.source["subset"] == {"windows": 40, "context": 5, "horizon": 1, "seed": 0}


@pytest.mark.parametrize("shared", ["books", "math"])
def test_real_stores_have_the_windows_their_readme_counts(shared):
    from pathlib import Path

    root = Path(__file__).parents[2].parent / "shared" / "data"
    if not (root / shared).is_dir():
        pytest.skip("the shared stores are not here")
    expected = json.loads((root / "expected.json").read_text())
    windows = Windows(Split.of(Store.open(root / shared)), 5, 1)
    assert len(windows) == {"books": 16697, "math": 8521}[shared]
    assert str(len(windows)) in json.dumps(expected)

"""Windows that stand in a file several times, and chunks that have several texts."""

from __future__ import annotations

import numpy as np
import pytest
from data.npz.test_importing import _windows


@pytest.mark.parametrize("with_ids", [True, False])
@pytest.mark.parametrize("times", [2, 3])
@pytest.mark.parametrize("shuffled", [True, False])
def test_a_file_that_was_written_twice_is_read_once(load, unit_rows, with_ids, times, shuffled):
    arrays = _windows(unit_rows(20), [8, 12])
    del arrays["target_indices"]
    if not with_ids:
        del arrays["article_ids"]
    order = np.tile(np.arange(len(arrays["targets"])), times)
    if shuffled:
        order[1:] = np.random.default_rng(0).permutation(order[1:])
    store, notices = load({key: value[order] for key, value in arrays.items()})
    assert sorted(store.lengths.tolist()) == [8, 12]
    assert {row.tobytes() for row in store.vectors} == {row.tobytes() for row in unit_rows(20)}
    copies = f"{(times - 1) * len(arrays['targets'])} windows"
    assert [copies in line for line in notices] == [True]


def test_a_text_that_repeats_itself_keeps_its_windows(load, unit_rows):
    rows = unit_rows(40)
    rows[30:35] = rows[10:15]
    arrays = {key: _windows(rows, [40])[key] for key in ("contexts", "targets")}
    store, notices = load(arrays)
    assert store.lengths.tolist() == [40]
    assert not any("copies" in line for line in notices)


def test_copies_of_windows_that_do_not_overlap_are_counted(load, unit_rows):
    rows = unit_rows(12).reshape(3, 4, -1)
    arrays = {"contexts": rows[[0, 1, 2, 0], :3], "targets": rows[[0, 1, 2, 0], 3]}
    store, notices = load(arrays)
    assert store.lengths.tolist() == [4] * 4
    assert any("1 window stood in the file before" in line for line in notices)


def test_two_texts_of_one_chunk_are_reported(load, unit_rows):
    arrays = _windows(unit_rows(9), [9])
    texts = np.array([f"text {row}" for row in range(9)], "U20")
    index = np.arange(6)[:, None] + np.arange(3)
    arrays |= {"context_texts": texts[index], "target_texts": texts[index[:, -1] + 1]}
    assert load(arrays)[1] == []
    arrays["context_texts"][2, 1] = "another text"  # of chunk 3, which was the first target
    arrays["context_texts"][3, 0] = "another text"
    arrays["context_texts"][5, 2] = "a third one"  # of chunk 7
    store, notices = load(arrays)
    assert [*store.texts()][3] == "text 3"
    assert len(notices) == 1
    for part in ("2 chunks", "target: 'text 3'", "window 2, chunk 1: 'another text'"):
        assert part in notices[0]

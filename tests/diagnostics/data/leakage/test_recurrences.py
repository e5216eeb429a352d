"""Windows whose query or target occurs again, against a loop over chunks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import split_of

from lvmctl.data import Windows
from lvmctl.data.store.arrays import unit64
from lvmctl.diagnostics.data.leakage import recurrences as module
from lvmctl.diagnostics.data.leakage.recurrences import recurrences


def slow(windows: Windows, threshold: float) -> dict[str, list[bool]]:
    expected = {"last": [], "target": [], "copied": []}
    rows = unit64(windows.split.vectors)
    for first, article in zip(windows.rows.tolist(), windows.article.tolist()):
        start, length = windows.split.starts[article], windows.split.lengths[article]
        window = range(first, first + windows.context_length)
        last, target = window[-1], first + windows.target_offset
        outside = [row for row in range(start, start + length) if row not in window]
        expected["last"].append(any(rows[last] @ rows[o] > threshold for o in outside))
        others = [o for o in outside if o != target]
        expected["target"].append(any(rows[target] @ rows[o] > threshold for o in others))
        expected["copied"].append(any(rows[target] @ rows[w] > threshold for w in window))
    return expected


@given(st.integers(0, 10**6), st.integers(1, 4), st.integers(1, 3), st.integers(2, 9))
def test_every_window_is_judged_as_by_a_loop(seed, context, horizon, dim):
    rng = np.random.default_rng(seed)
    rows = rng.standard_normal((50, dim))
    again = rng.random(50) < 0.4
    rows[again] = rows[rng.integers(0, 50, again.sum())] * rng.uniform(0.5, 2, (again.sum(), 1))
    windows = Windows(split_of(rows, [20, 3, 7, 19, 1]), context, horizon)
    steps = []
    shares = recurrences(windows, 0.98, steps.append)
    assert {name: hit.tolist() for name, hit in shares.items()} == slow(windows, 0.98)
    assert sum(steps) == len(windows)


def test_the_size_of_blocks_does_not_matter(monkeypatch):
    rng = np.random.default_rng(5)
    rows = rng.standard_normal((40, 3))
    rows[30:] = rows[:10]
    windows = Windows(split_of(rows, [40]), 3, 1)
    whole = recurrences(windows, 0.9)
    monkeypatch.setattr(module, "BLOCK_BYTES", 1)
    monkeypatch.setattr(module, "blocks", lambda rows, _: ((i, i + 1) for i in range(rows)))
    for name, hit in recurrences(windows, 0.9).items():
        assert hit.any()
        assert hit.tolist() == whole[name].tolist()


def test_cosines_at_the_threshold_are_decided_in_float64():
    rng = np.random.default_rng(0)
    x = unit64(rng.standard_normal(30))
    u = rng.standard_normal((200, 30))
    u = unit64(u - (u @ x)[:, None] * x)
    cosine = 0.98 + rng.normal(0, 3e-8, 200)
    rows = cosine[:, None] * x + np.sqrt(1 - cosine**2)[:, None] * u
    truth = unit64(rows.astype(np.float32)) @ unit64(x.astype(np.float32)) > 0.98
    assert 20 < truth.sum() < 180
    for row, expected in zip(rows, truth):
        windows = Windows(split_of(np.stack([x, -x, row]), [3]), 1, 1)
        assert recurrences(windows, 0.98)["last"].tolist() == [expected, False]


def test_windows_that_are_kept_apart():
    rows = np.eye(4)[[0, 1, 2, 1, 3, 2, 3, 0]]
    apart = split_of(rows, [4, 4], target_row=3, horizon=2)
    shares = recurrences(Windows(apart, 3, 2), 0.98)
    assert shares["copied"].tolist() == [True, False]
    assert shares["last"].tolist() == [False, False]
    # Of fewer chunks than are kept, the oldest are outside the window.
    shares = recurrences(Windows(apart, 1, 2), 0.98)
    assert shares["target"].tolist() == [True, False]


@pytest.mark.parametrize("length", [2, 5])
def test_an_article_of_one_repeated_chunk(length):
    windows = Windows(split_of(np.ones((length, 2)), [length]), 1, 1)
    shares = recurrences(windows, 0.98)
    assert shares["last"].all()
    assert shares["copied"].all()
    assert shares["target"].tolist() == [length > 2] * (length - 1)

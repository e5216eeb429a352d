"""5CAT A against a hand, the slow reference, and the closed forms of synthetic worlds."""

from __future__ import annotations

import math

import numpy as np
import pytest
from evaluation import fivecat_reference as slow
from evaluation.cases import articles_of, cos, on_a_circle, stores, unit_rows
from evaluation.reference import Window, all_windows
from hypothesis import given
from hypothesis import strategies as st

from lvmctl.data import Windows, open_split
from lvmctl.data.synthetic.worlds import World, bayes_prediction
from lvmctl.evaluation.fivecat import offsets
from lvmctl.evaluation.fivecat.offsets import offset_metrics, offset_sweep, rivals, window_offsets

RULES = ("seed", "strict", "fair")


def last(windows: Windows) -> np.ndarray:
    return windows.context(np.arange(len(windows)))[:, -1]


def test_a_hand_case(split_of):
    # K = 2, h = 1: windows (0, 10), (10, 40), (40, 90) with targets 40, 90, 100.
    windows = Windows(split_of(on_a_circle([0, 10, 40, 90, 100]), [5]), 2, 1)
    sweep = offset_sweep(windows, last(windows))
    wanted = {  # degrees from the last chunk, and the windows that have the chunk
        -4: ([90], [2]),
        -3: ([40, 80], [1, 2]),
        -2: ([10, 30, 50], [0, 1, 2]),
        -1: ([0, 0, 0], [0, 1, 2]),
        0: ([30, 50, 10], [0, 1, 2]),
        1: ([80, 60], [0, 1]),
        2: ([90], [0]),
    }
    assert list(sweep) == list(wanted)
    for k, (degrees, rows) in wanted.items():
        assert sweep[k].rows.tolist() == rows
        assert sweep[k].values == pytest.approx(cos(degrees), abs=1e-6)
    assert list(window_offsets(2, 1)) == [-2, -1]
    # Outside the window, -3 is nearest: cos 50 + cos 10 beat cos 40 + cos 80 by the least.
    assert rivals(windows, sweep) == {"seed": -1, "strict": -1, "fair": -3}
    columns = offset_metrics(windows, last(windows), sweep)
    assert list(columns) == ["offsets.seed", "offsets.strict", "offsets.fair"]
    assert columns["offsets.seed"].values == pytest.approx(cos([30, 50, 10]) - 1, abs=1e-6)
    assert columns["offsets.fair"].rows.tolist() == [1, 2]
    expected = cos([50, 10]) - cos([40, 80])
    assert columns["offsets.fair"].values == pytest.approx(expected, abs=1e-6)


def compare(windows: Windows, places: list[Window], q: np.ndarray) -> None:
    """Sweep, margins and rivals are those of the reference, whose windows are ``places``."""
    split, k, h = windows.split, windows.context_length, windows.horizon
    swept = slow.sweep(articles_of(split), places, h, q.astype(np.float64).tolist())
    sweep = offset_sweep(windows, q)
    assert list(sweep) == sorted(swept)
    for offset, column in sweep.items():
        agree(column, swept[offset])
    chosen, columns = rivals(windows, sweep), offset_metrics(windows, q, sweep)
    for rule in RULES:
        smallest = slow.smallest_margin(swept, slow.allowed(rule, k, h))
        assert (f"offsets.{rule}" in columns) is (rule in chosen) is (smallest is not None)
        if smallest is not None:
            assert chosen[rule] in slow.allowed(rule, k, h)
            margin = slow.margin(swept, chosen[rule])
            agree(columns[f"offsets.{rule}"], margin)
            assert np.mean(list(margin.values())) == pytest.approx(smallest, abs=3e-6)
    hits = slow.accuracy(swept, k, h)
    assert ("offsets.accuracy" in columns) is bool(hits)
    if hits:
        assert columns["offsets.accuracy"].rows.tolist() == sorted(hits)
        assert columns["offsets.accuracy"].values.tolist() == [hits[row] for row in sorted(hits)]
        assert columns["offsets.chance_accuracy"].mean() == pytest.approx(1 / (6 + h))


def agree(column, wanted: slow.Column) -> None:
    assert column.rows.tolist() == sorted(wanted)
    assert column.values == pytest.approx([wanted[row] for row in column.rows], abs=1e-6)


@given(stores(), st.booleans())
def test_fast_and_slow_agree(split_of, store, follow):
    vectors, lengths, k, h, rng = store
    windows = Windows(split_of(vectors, lengths), k, h)
    q = last(windows) if follow else unit_rows(rng, len(windows), vectors.shape[1])
    compare(windows, all_windows([[None] * length for length in lengths], k, h), q)


@pytest.mark.parametrize("k", [4, 2, 1])
def test_separate_windows_lack_the_chunks_before_the_target(split_of, k):
    # Articles of 4 chunks and a target 2 ahead; shorter contexts keep the newest chunks.
    rng = np.random.default_rng(0)
    split = split_of(unit_rows(rng, 15, 6), [5, 5, 5], target_row=4, horizon=2)
    windows = Windows(split, k, 2)
    places = [Window(article, 4 - k, k, 4) for article in range(3)]
    q = unit_rows(rng, 3, 6)
    compare(windows, places, q)
    sweep = offset_sweep(windows, q)
    assert list(sweep) == [*range(max(-5, -k - 4), -1), 0]  # without -1
    assert set(rivals(windows, sweep)) == {"strict"} | ({"fair"} if k < 4 else set())


def test_articles_need_not_lie_in_order(split_of):
    rng = np.random.default_rng(5)
    split = split_of(unit_rows(rng, 40, 5), [9, 14, 17]).take(np.array([2, 0]))
    windows = Windows(split, 3, 1)
    places = all_windows([[None] * 17, [None] * 9], 3, 1)
    compare(windows, places, unit_rows(rng, len(windows), 5))


@pytest.mark.parametrize(("k", "h", "a"), [(5, 1, 0.8), (1, 1, 0.6), (3, 2, 0.7), (2, 3, 0.9)])
def test_direct_on_ar1(k, h, a):
    split = open_split(f"synth:ar1?articles=150&chunks=24&dim=16&a={a}&seed={k}")
    windows = Windows(split, k, h)
    sweep = offset_sweep(windows, last(windows))
    assert list(sweep) == list(range(-k - h - 2, 4))
    for offset, column in sweep.items():
        assert column.mean() == pytest.approx(a ** abs(offset + h), abs=0.03)
    # Its rival is the chunk nearest to the last one, of those outside the window.
    away = {offset: abs(offset + h) for offset in slow.allowed("fair", k, h)}
    assert away[rivals(windows, sweep)["fair"]] == min(away.values())
    columns = offset_metrics(windows, last(windows), sweep)
    fair = a**h - a ** min(away.values())
    assert columns["offsets.fair"].mean() == pytest.approx(fair, abs=0.03)
    assert columns["offsets.seed"].mean() == pytest.approx(a**h - a ** (h - 1), abs=0.03)


def test_the_bayes_prediction_of_a_rotation_peaks_at_the_target():
    world = World("rotation", 200, 24, 16, a=0.9, theta=40.0, seed=1)
    windows = Windows(open_split("synth:rotation?articles=200&chunks=24&dim=16&seed=1"), 5, 1)
    context = windows.context(np.arange(len(windows)))
    q = bayes_prediction(world, context).astype(np.float32)
    sweep = offset_sweep(windows, q)
    for offset, column in sweep.items():
        expected = 0.9 ** abs(offset + 1) * math.cos(math.radians(40) * offset)
        assert column.mean() == pytest.approx(expected, abs=0.03)
    assert max(sweep, key=lambda k: sweep[k].mean()) == 0
    for column in offset_metrics(windows, q, sweep).values():
        assert column.mean() > 0.1


def test_without_a_chunk_outside_there_is_no_fair_rule(split_of):
    rng = np.random.default_rng(0)
    vectors = unit_rows(rng, 8, 4)
    windows = Windows(split_of(vectors, [4, 4]), 3, 1)  # nothing but window and target
    sweep = offset_sweep(windows, last(windows))
    assert list(sweep) == [-3, -2, -1, 0]
    assert set(offset_metrics(windows, last(windows), sweep)) == {"offsets.seed", "offsets.strict"}
    windows = Windows(split_of(vectors, [4, 4]), 2, 2)  # the chunk between them is outside
    assert rivals(windows, offset_sweep(windows, last(windows)))["fair"] == -1


@pytest.mark.parametrize(("h", "nearest"), [(1, 1), (3, -1)])
def test_of_equal_rivals_the_nearest_is_named(split_of, h, nearest):
    # Chunks that differ in the last bit of some coordinates are equal.
    rng = np.random.default_rng(3)
    rows = np.repeat(unit_rows(rng, 1, 48), 40, axis=0)
    vectors = rows + rng.integers(-1, 2, rows.shape).astype(np.float32) * np.spacing(rows)
    windows = Windows(split_of(vectors, [40]), 2, h)
    sweep = offset_sweep(windows, last(windows))
    assert rivals(windows, sweep) == {"seed": -1, "strict": -1, "fair": nearest}


def test_a_prediction_that_is_not_a_number_stays_visible(split_of):
    rng = np.random.default_rng(4)
    windows = Windows(split_of(unit_rows(rng, 30, 6), [16, 14]), 3, 1)
    q = unit_rows(rng, len(windows), 6)
    q[0] = np.nan  # the first window has no chunk before it
    sweep = offset_sweep(windows, q)
    for k, column in sweep.items():
        assert np.isnan(column.values).tolist() == (column.rows == 0).tolist()
        assert (0 in column.rows) is (k >= -3)
    columns = offset_metrics(windows, q, sweep)
    assert len(columns) == 5
    margins = [columns[f"offsets.{rule}"] for rule in RULES]
    assert all(np.isnan(column.mean()) for column in margins)
    assert all(np.isfinite(column.values[1:]).all() for column in margins)
    # The first windows of an article have no chunk three before them.
    q[3] = np.nan
    accuracy = offset_metrics(windows, q, offset_sweep(windows, q))["offsets.accuracy"]
    assert np.isnan(accuracy.values).tolist() == (accuracy.rows == 3).tolist()
    assert 3 in accuracy.rows


def test_batches_change_nothing(split_of, monkeypatch):
    rng = np.random.default_rng(1)
    windows = Windows(split_of(unit_rows(rng, 60, 6), [25, 5, 30]), 4, 1)
    q = unit_rows(rng, len(windows), 6)
    whole = offset_sweep(windows, q)
    monkeypatch.setattr(offsets, "BATCH", 4)
    again = offset_sweep(windows, q)
    for k, column in whole.items():
        assert np.array_equal(again[k].rows, column.rows)
        assert again[k].values == pytest.approx(column.values, abs=1e-6)

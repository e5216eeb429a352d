"""5CAT E against a hand, the slow reference and a closed form."""

from __future__ import annotations

import math

import numpy as np
import pytest
from evaluation import fivecat_reference as slow
from evaluation.cases import stores, unit_rows
from evaluation.reference import all_windows, context_of, read_articles
from hypothesis import given

from lvmctl.data import Windows, open_split
from lvmctl.evaluation.fivecat import coherence as module
from lvmctl.evaluation.fivecat.coherence import coherence, coherence_metrics, gap
from lvmctl.evaluation.per_window import WindowMetric


def column(count: int, value: float) -> WindowMetric:
    return WindowMetric(np.full(count, value), np.arange(count))


def test_a_hand_case(split_of):
    angles = np.radians([0, 10, 70, 160, 100, 40])
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    windows = Windows(split_of(vectors, [6]), 3, 1)
    degrees = [(10, 60), (60, 90), (90, 60)]
    expected = [sum(math.cos(math.radians(d)) for d in pair) / 2 for pair in degrees]
    assert coherence(windows) == pytest.approx(expected, abs=1e-6)
    metrics = coherence_metrics(windows, WindowMetric(np.array([0.1, 0.2, 0.3]), np.arange(3)))
    assert {name: (c.values.tolist(), c.rows.tolist()) for name, c in metrics.items()} == {
        "coherence.low": ([0.2, 0.3], [1, 2]),
        "coherence.high": ([0.1], [0]),
    }


@pytest.mark.filterwarnings("error")
@given(stores())
def test_fast_and_slow_agree(split_of, store):
    vectors, lengths, k, h, _ = store
    windows = Windows(split_of(vectors, lengths), k, h)
    values = coherence(windows)
    cos_next = WindowMetric(np.arange(len(windows)) / 10, np.arange(len(windows)))
    if k == 1:
        assert np.isnan(values).tolist() == [True] * len(windows)
        assert coherence_metrics(windows, cos_next) == {}
        return
    articles = read_articles(vectors.astype(np.float64), np.cumsum([0, *lengths]).tolist())
    places = all_windows(articles, k, h)
    wanted = [slow.coherence(context_of(articles, place)) for place in places]
    assert values == pytest.approx(wanted, abs=1e-6)
    for name, part in coherence_metrics(windows, cos_next).items():
        for value, row in zip(part.values, part.rows):
            assert value == row / 10
            assert name == f"coherence.{slow.coherence_bin(wanted[row])}"


def test_both_bounds_are_normal(split_of, monkeypatch):
    windows = Windows(split_of(np.eye(7, dtype=np.float32), [7]), 2, 1)
    values = np.array([0.4499, 0.45, 0.55, 0.5501, -1.0])
    monkeypatch.setattr(module, "coherence", lambda windows: values)
    metrics = coherence_metrics(windows, column(5, 0.0))
    rows = {name: part.rows.tolist() for name, part in metrics.items()}
    assert rows == {"coherence.low": [0, 4], "coherence.normal": [1, 2], "coherence.high": [3]}


def test_neighbours_of_ar1_are_alike_as_its_parameter_says():
    windows = Windows(open_split("synth:ar1?articles=100&chunks=20&dim=16&a=0.6&seed=1"), 4, 1)
    assert coherence(windows).mean() == pytest.approx(0.6, abs=0.02)


def test_batches_and_selections_change_nothing(split_of, monkeypatch):
    rng = np.random.default_rng(1)
    split = split_of(unit_rows(rng, 60, 6), [25, 5, 30]).take(np.array([2, 0]))
    windows = Windows(split, 4, 1)
    whole = coherence(windows)
    monkeypatch.setattr(module, "BATCH", 3)
    index = np.array([0, 3, 20, 21, 30, 44])
    assert coherence(windows) == pytest.approx(whole, abs=1e-9)
    columns = coherence_metrics(windows, WindowMetric(np.ones(6), index))
    counted = np.sort(np.concatenate([part.rows for part in columns.values()]))
    assert counted.tolist() == index.tolist()


def splits(normal_val: int, normal_ood: int) -> tuple[dict, dict]:
    """Metrics of two splits of 300 windows: cos_next .6 and .4, in the normal bin .5 and .53."""
    val = {"cos_next": column(300, 0.6), "coherence.normal": column(normal_val, 0.5)}
    ood = {"cos_next": column(300, 0.4), "coherence.normal": column(normal_ood, 0.53)}
    return val, ood


def test_the_gap_is_that_of_windows_of_normal_coherence():
    record = gap(*splits(100, 150))
    assert record["gap"] == pytest.approx(-0.03)
    assert record["metric"] == "coherence.normal"
    assert record["val"] == pytest.approx({"mean": 0.5, "windows": 100, "normal": 100})
    assert record["ood"] == pytest.approx({"mean": 0.53, "windows": 150, "normal": 150})


@pytest.mark.parametrize("few", [(99, 150), (150, 99), (0, 150), (150, 0)])
def test_the_gap_is_that_of_all_windows_where_few_are_normal(few):
    val, ood = splits(*few)
    for columns in (val, ood):
        if not len(columns["coherence.normal"].rows):
            del columns["coherence.normal"]
    record = gap(val, ood)
    assert record["gap"] == pytest.approx(0.2)
    assert record["metric"] == "cos_next"
    assert [record[split]["windows"] for split in ("val", "ood")] == [300, 300]
    assert [record[split]["normal"] for split in ("val", "ood")] == list(few)


def test_a_gap_of_what_is_not_a_number_is_none():
    val, ood = splits(100, 100)
    val["coherence.normal"].values[3] = np.nan
    assert math.isnan(gap(val, ood)["gap"])

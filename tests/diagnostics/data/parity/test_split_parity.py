"""Split parity as a whole: figures, verdicts and data that give little to compare."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from diagnostics.parity_cases import flat, splits_of, traits_of, walk
from made import split_of
from recorder import Recorder

from lvmctl.core.errors import DataError, UsageError
from lvmctl.data import Split, Windows
from lvmctl.diagnostics.data.parity import split_parity as module
from lvmctl.diagnostics.data.parity.split_parity import SplitParity
from lvmctl.diagnostics.records import SplitParityOptions
from lvmctl.evaluation.statistics.intervals import Resampling, difference_interval


def diagnosed(train: Split, val: Split, ood: Split | None = None, reporter=None, **options):
    options = SplitParityOptions(**{"permutations": 199} | options)
    diagnosis = SplitParity(options)(splits_of(train, val, ood), reporter or Recorder())
    json.dumps(diagnosis.figures, allow_nan=False)
    return diagnosis


KINDS = ((1, 0.3), (2, 0.3), (3, 0.6))
"""Seed and mean cosine of the splits of :func:`three`."""


@pytest.fixture(scope="module")
def three():
    """Two halves alike and a third that differs, of 120 articles each."""
    return diagnosed(*(flat(120, f, seed, dim=64) for seed, f in KINDS), permutations=499)


def test_a_shift_of_004_fails():
    diagnosis = diagnosed(flat(250, 0.3, 1), flat(250, 0.34, 2))
    assert (diagnosis.verdict, diagnosis.failed) == ("MISMATCH", True)
    assert "data split" in diagnosis.change
    lag = diagnosis.figures["differences"]["val"]["lag_3"]
    assert lag["value"] == pytest.approx(-0.04, abs=0.01)
    assert lag["simultaneous"][1] < 0


def test_recency_alone_is_seen():
    """The same mean cosine at lag 1, another at lag 5."""
    diagnosis = diagnosed(walk(250, 0.8, 1), walk(250, 0.8, 2))
    assert diagnosis.verdict == "MATCH"
    split = walk(250, 0.8, 1)
    chunks = split.vectors.reshape(250, 12, 16)
    other = split_of(np.concatenate([chunks[:, :7], -chunks[:, 7:]], 1).reshape(-1, 16), [12] * 250)
    assert diagnosed(split, other).verdict == "MISMATCH"


def test_figures_of_a_split(three):
    train = three.figures["splits"]["train"]
    assert (train["name"], train["articles"], train["windows"]) == ("flat1", 120, 840)
    assert train["lag_curve"]["1"] == train["cos_last"]
    assert train["lag_curve"]["5"] == train["cos_first"]
    assert list(train["lag_curve"]) == ["1", "2", "3", "4", "5"]
    assert train["delta"]["value"] == pytest.approx(
        train["cos_last"]["value"] - train["cos_first"]["value"]
    )
    for name in ("cos_first", "cos_last", "delta", "delta_positive", "coherence", "forward"):
        low, high = train[name]["ci"]
        assert low < train[name]["value"] < high
    assert abs(train["forward"]["value"]) <= train["forward"]["bound"] == pytest.approx(2 / 7)
    assert list(train["quantiles"]["delta"]) == ["0.05", "0.25", "0.5", "0.75", "0.95"]


def test_intervals_are_those_of_all_windows(three):
    """The same as from every window's value, one by one."""
    windows = [Windows(flat(120, f, seed, dim=64), 5, 1) for seed, f in KINDS[:2]]
    columns = []
    for part in windows:
        index = np.arange(len(part))
        last = np.einsum("bd,bd->b", part.context(index)[:, -1], part.target(index))
        columns.append((Resampling(120, 0), last, part.article))
    ends = three.figures["splits"]["train"]["cos_last"]["ci"]
    assert ends == pytest.approx(Resampling(120, 0).interval(*columns[0][1:]), abs=1e-6)
    difference = three.figures["differences"]["val"]["lag_1"]
    assert difference["ci"] == pytest.approx(difference_interval(*columns), abs=1e-6)
    assert difference["value"] == pytest.approx(
        columns[0][1].mean() - columns[1][1].mean(), abs=1e-6
    )


def test_another_source_informs_and_does_not_decide(three):
    assert (three.verdict, three.failed) == ("MATCH", False)
    differences = three.figures["differences"]["ood"]
    assert differences["lag_1"]["value"] == pytest.approx(-0.3, abs=0.03)
    assert differences["lag_1"]["p"] == 1 / 500
    for entry in [*differences.values(), *three.figures["differences"]["val"].values()]:
        for low, high in (entry["ci"], entry["simultaneous"]):
            assert low < entry["value"] < high
    assert "does not decide" in " ".join(table.title for table in three.tables)
    assert set(three.figures["energy"]) == {"val", "ood"}
    assert three.figures["energy"]["val"]["p"] > 0.01


def test_tables_and_plot(three):
    for table in three.tables:
        assert all(len(row) == len(table.header) for row in table.rows)
    assert [table.title for table in three.tables if not table.detail] == [
        "train and val: 120 articles, 840 windows and 120 articles, 840 windows"
    ]
    lag = three.tables[0].rows[0]
    assert lag[0] == "cosine at lag 1"
    assert float(lag[1]) == pytest.approx(0.3, abs=0.03)
    (means,) = (table for table in three.tables if table.title == "Means over windows")
    rows = {row[0]: row[1:] for row in means.rows}
    assert rows["articles"] == ("120", "120", "120")
    assert "forward signal" in rows
    assert "telescopes to about 0" in means.note
    axes = three.plot().axes[0]
    assert [line.get_xdata().tolist() for line in axes.lines] == [[1, 2, 3, 4, 5]] * 3
    curve = three.figures["splits"]["ood"]["lag_curve"].values()
    assert axes.lines[2].get_ydata().tolist() == [point["value"] for point in curve]
    assert len(axes.collections) == 3


def test_the_answer_is_a_function_of_the_seed():
    splits = flat(30, 0.3, 1), flat(30, 0.3, 2)
    first = diagnosed(*splits).figures
    assert diagnosed(*splits).figures == first
    other = diagnosed(*splits, seed=1).figures
    assert (
        other["differences"]["val"]["lag_1"]["value"]
        == (first["differences"]["val"]["lag_1"]["value"])
    )
    assert other != first


def test_a_match_of_other_subjects_says_so():
    corner = [np.abs(walk(250, 0.5, seed, dim=32).vectors) for seed in (1, 2)]
    first, other, opposite = (
        split_of(rows, [12] * 250) for rows in (corner[0], corner[1], -corner[1])
    )
    assert "their vectors" not in diagnosed(first, other).sentence
    # The same sequences at the other end of the sphere: every cosine is what it was.
    diagnosis = diagnosed(first, opposite)
    assert (diagnosis.verdict, diagnosis.failed) == ("MATCH", False)
    assert "their vectors differ (energy distance" in diagnosis.sentence
    assert diagnosis.figures["differences"] == diagnosed(first, other).figures["differences"]


def test_a_context_of_one_chunk():
    reporter = Recorder()
    diagnosis = diagnosed(flat(250, 0.3, 1), flat(250, 0.34, 2), reporter=reporter, context=1)
    assert diagnosis.verdict == "MISMATCH"
    assert [note for note in reporter.messages if "need --context 2 or more" in note]
    assert list(diagnosis.figures["differences"]["val"]) == ["lag_1"]
    train = diagnosis.figures["splits"]["train"]
    assert train["cos_first"] == train["cos_last"]
    assert {train[name] for name in ("delta", "coherence", "forward", "delta_positive")} == {None}
    assert diagnosis.plot().axes[0].lines[0].get_xdata().tolist() == [1]


def test_one_article_in_a_split():
    diagnosis = diagnosed(flat(30, 0.3, 1), flat(1, 0.3, 2))
    assert (diagnosis.verdict, diagnosis.failed) == ("UNDECIDED", False)
    assert "val has one article" in diagnosis.sentence
    difference = diagnosis.figures["differences"]["val"]["lag_1"]
    assert difference["ci"] is difference["simultaneous"] is difference["p"] is None
    assert diagnosis.figures["energy"]["val"] is None
    assert diagnosis.figures["splits"]["val"]["lag_curve"]["1"]["ci"] is None
    assert diagnosis.plot() is not None


def test_articles_that_are_too_short():
    long, short = flat(9, 0.3, 1), flat(9, 0.3, 2, chunks=5)
    for splits in ((short, long), (long, short)):
        with pytest.raises(DataError, match=r"^flat2: .* the 6 chunks .* longest of 9 has 5"):
            diagnosed(*splits)
    reporter = Recorder()
    diagnosis = diagnosed(long, long, short, reporter)
    assert set(diagnosis.figures["splits"]) == {"train", "val"}
    assert reporter.messages[0].startswith("ood is left out: flat2: no article has")
    assert diagnosis.figures["notes"] == reporter.messages


def test_articles_without_windows_do_not_count():
    rows = flat(30, 0.3, 1).vectors
    mixed = split_of(rows, [12, 2, 10, *[12] * 28])
    diagnosis = diagnosed(mixed, flat(30, 0.3, 2))
    assert diagnosis.figures["splits"]["train"]["articles"] == 30


def test_separate_windows():
    rows = (flat(600, 0.3, seed, chunks=6, dim=64).vectors for seed in (1, 2))
    options = {"target_row": 5, "horizon": 2, "separate": True}
    train, val = (split_of(part, [6] * 600, **options) for part in rows)
    reporter = Recorder()
    diagnosis = diagnosed(train, val, reporter=reporter, horizon=2, context=4)
    assert diagnosis.verdict == "MATCH"
    figures = diagnosis.figures["splits"]["val"]
    counts = [figures[name] for name in ("articles", "windows", "separate_windows")]
    assert counts == [600, 600, True]
    assert list(figures["lag_curve"]) == ["1", "2", "3", "4", "5"]
    assert "bound" not in figures["forward"]
    assert [note for note in reporter.messages if note.startswith("train, val: separate windows")]
    with pytest.raises(DataError, match="use --horizon 2"):
        diagnosed(train, val, horizon=1)


@pytest.mark.filterwarnings("error")
def test_two_dimensions():
    diagnosis = diagnosed(walk(30, 0.9, 1, dim=2), walk(30, 0.9, 2, dim=2))
    assert diagnosis.verdict in ("MATCH", "UNDECIDED")
    assert math.isfinite(diagnosis.figures["energy"]["val"]["value"])


@pytest.mark.filterwarnings("error")
def test_chunks_that_are_all_alike():
    alike = split_of(np.ones((60, 3)), [12] * 5)
    diagnosis = diagnosed(alike, alike)
    assert diagnosis.verdict == "MATCH"
    assert diagnosis.figures["splits"]["train"]["delta_positive"]["value"] == 0


def test_many_articles_get_fewer_permutations(monkeypatch):
    monkeypatch.setattr(module, "LABELS", 6000)
    monkeypatch.setattr(module, "MIN_PERMUTATIONS", 30)
    diagnosis = diagnosed(flat(30, 0.3, 1), flat(30, 0.3, 2), significance=0.1)
    assert diagnosis.figures["permutations"] == 100
    assert (
        diagnosed(flat(30, 0.3, 1), flat(30, 0.3, 2), permutations=99).figures["permutations"] == 99
    )


def test_too_few_permutations_for_the_level():
    with pytest.raises(UsageError, match=r"99 permutations cannot show a significance of 0\.001"):
        SplitParity(SplitParityOptions(significance=0.001, permutations=99))
    SplitParity(SplitParityOptions(significance=0.01, permutations=99))


def test_thresholds_are_options():
    splits = flat(250, 0.3, 1), flat(250, 0.34, 2)
    assert diagnosed(*splits, cosine_threshold=0.1).verdict == "MATCH"


def test_float16_rows_that_are_not_unit():
    split = flat(30, 0.3, 1)
    half = split_of(split.vectors * 3, [12] * 30)
    object.__setattr__(half, "vectors", half.vectors.astype(np.float16))
    first, other = traits_of(split), traits_of(half)
    assert other.mean("lag_1") == pytest.approx(first.mean("lag_1"), abs=1e-3)

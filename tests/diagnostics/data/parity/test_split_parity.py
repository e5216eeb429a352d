"""Split parity as a whole: figures, verdicts and data that give little to compare."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from diagnostics.parity_cases import flat, splits_of, traits_of, walk
from made import split_of
from recorder import Recorder

from lvmctl.config.options import describe
from lvmctl.core.errors import DataError, UsageError
from lvmctl.data import Split, Windows
from lvmctl.diagnostics.data.parity import split_parity as module
from lvmctl.diagnostics.data.parity.split_parity import SplitParity
from lvmctl.diagnostics.records import SplitParityOptions
from lvmctl.evaluation.statistics.intervals import Resampling, difference_interval


def diagnosed(train: Split, val: Split, ood: Split | None = None, reporter=None, **options):
    options = SplitParityOptions(**{"permutations": 199} | options)
    found = SplitParity(options)(splits_of(train, val, ood), reporter or Recorder())
    json.dumps(found.figures, allow_nan=False)
    return found


KINDS = ((1, 0.3), (2, 0.3), (3, 0.6))
"""Seed and mean cosine of the splits of :func:`three`."""


@pytest.fixture(scope="module")
def three():
    """Two halves alike and a third that differs, of 120 articles each."""
    return diagnosed(*(flat(120, f, seed, dim=64) for seed, f in KINDS), permutations=499)


def test_a_shift_of_004_fails():
    found = diagnosed(flat(250, 0.3, 1), flat(250, 0.34, 2))
    assert (found.verdict, found.failed) == ("MISMATCH", True)
    assert "data split" in found.change
    lag = found.figures["differences"]["val"]["lag_3"]
    assert lag["value"] == pytest.approx(-0.04, abs=0.01)
    assert lag["simultaneous"][1] < 0


def test_recency_alone_is_seen():
    """The same mean cosine at lag 1, another at lag 5."""
    found = diagnosed(walk(250, 0.8, 1), walk(250, 0.8, 2))
    assert found.verdict == "MATCH"
    one = walk(250, 0.8, 1)
    chunks = one.vectors.reshape(250, 12, 16)
    other = split_of(np.concatenate([chunks[:, :7], -chunks[:, 7:]], 1).reshape(-1, 16), [12] * 250)
    assert diagnosed(one, other).verdict == "MISMATCH"


def test_figures_of_a_split(three):
    own = three.figures["splits"]["train"]
    assert (own["name"], own["articles"], own["windows"]) == ("flat1", 120, 840)
    assert own["lag_curve"]["1"] == own["cos_last"]
    assert own["lag_curve"]["5"] == own["cos_first"]
    assert list(own["lag_curve"]) == ["1", "2", "3", "4", "5"]
    assert own["delta"]["value"] == pytest.approx(
        own["cos_last"]["value"] - own["cos_first"]["value"]
    )
    for name in ("cos_first", "cos_last", "delta", "delta_positive", "coherence", "forward"):
        low, high = own[name]["ci"]
        assert low < own[name]["value"] < high
    assert abs(own["forward"]["value"]) <= own["forward"]["bound"] == pytest.approx(2 / 7)
    assert list(own["quantiles"]["delta"]) == ["0.05", "0.25", "0.5", "0.75", "0.95"]


def test_intervals_are_those_of_all_windows(three):
    """The same as from every window's value, one by one."""
    windows = [Windows(flat(120, f, seed, dim=64), 5, 1) for seed, f in KINDS[:2]]
    columns = []
    for own in windows:
        index = np.arange(len(own))
        last = np.einsum("bd,bd->b", own.context(index)[:, -1], own.target(index))
        columns.append((Resampling(120, 0), last, own.article))
    found = three.figures["splits"]["train"]["cos_last"]["ci"]
    assert found == pytest.approx(Resampling(120, 0).interval(*columns[0][1:]), abs=1e-6)
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
    for own in [*differences.values(), *three.figures["differences"]["val"].values()]:
        for low, high in (own["ci"], own["simultaneous"]):
            assert low < own["value"] < high
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
    one = diagnosed(*splits).figures
    assert diagnosed(*splits).figures == one
    other = diagnosed(*splits, seed=1).figures
    assert (
        other["differences"]["val"]["lag_1"]["value"]
        == (one["differences"]["val"]["lag_1"]["value"])
    )
    assert other != one


def test_a_match_of_other_subjects_says_so():
    corner = [np.abs(walk(250, 0.5, seed, dim=32).vectors) for seed in (1, 2)]
    one, other, opposite = (
        split_of(rows, [12] * 250) for rows in (corner[0], corner[1], -corner[1])
    )
    assert "their vectors" not in diagnosed(one, other).sentence
    # The same sequences at the other end of the sphere: every cosine is what it was.
    found = diagnosed(one, opposite)
    assert (found.verdict, found.failed) == ("MATCH", False)
    assert "their vectors differ (energy distance" in found.sentence
    assert found.figures["differences"] == diagnosed(one, other).figures["differences"]


def test_a_context_of_one_chunk():
    reporter = Recorder()
    found = diagnosed(flat(250, 0.3, 1), flat(250, 0.34, 2), reporter=reporter, context=1)
    assert found.verdict == "MISMATCH"
    assert [note for note in reporter.said if "need --context 2 or more" in note]
    assert list(found.figures["differences"]["val"]) == ["lag_1"]
    own = found.figures["splits"]["train"]
    assert own["cos_first"] == own["cos_last"]
    assert own["delta"] is own["coherence"] is own["forward"] is own["delta_positive"] is None
    assert found.plot().axes[0].lines[0].get_xdata().tolist() == [1]


def test_one_article_in_a_split():
    found = diagnosed(flat(30, 0.3, 1), flat(1, 0.3, 2))
    assert (found.verdict, found.failed) == ("UNDECIDED", False)
    assert "val has one article" in found.sentence
    own = found.figures["differences"]["val"]["lag_1"]
    assert own["ci"] is own["simultaneous"] is own["p"] is None
    assert found.figures["energy"]["val"] is None
    assert found.figures["splits"]["val"]["lag_curve"]["1"]["ci"] is None
    assert found.plot() is not None


def test_articles_that_are_too_short():
    long, short = flat(9, 0.3, 1), flat(9, 0.3, 2, chunks=5)
    for splits in ((short, long), (long, short)):
        with pytest.raises(DataError, match=r"^flat2: a window of 5 chunks .* longest of 9 has 5"):
            diagnosed(*splits)
    reporter = Recorder()
    found = diagnosed(long, long, short, reporter)
    assert set(found.figures["splits"]) == {"train", "val"}
    assert reporter.said[0].startswith("ood is left out: flat2: a window of 5")
    assert found.figures["notes"] == reporter.said


def test_articles_without_windows_do_not_count():
    rows = flat(30, 0.3, 1).vectors
    mixed = split_of(rows, [12, 2, 10, *[12] * 28])
    found = diagnosed(mixed, flat(30, 0.3, 2))
    assert found.figures["splits"]["train"]["articles"] == 30


def test_separate_windows():
    rows = (flat(600, 0.3, seed, chunks=6, dim=64).vectors for seed in (1, 2))
    train, val = (split_of(own, [6] * 600, target_row=5, horizon=2, separate=True) for own in rows)
    reporter = Recorder()
    found = diagnosed(train, val, reporter=reporter, horizon=2, context=4)
    assert found.verdict == "MATCH"
    own = found.figures["splits"]["val"]
    assert (own["articles"], own["windows"], own["separate_windows"]) == (600, 600, True)
    assert list(own["lag_curve"]) == ["1", "2", "3", "4", "5"]
    assert "bound" not in own["forward"]
    assert [note for note in reporter.said if note.startswith("train, val: separate windows")]
    with pytest.raises(DataError, match="use --horizon 2"):
        diagnosed(train, val, horizon=1)


@pytest.mark.filterwarnings("error")
def test_two_dimensions():
    found = diagnosed(walk(30, 0.9, 1, dim=2), walk(30, 0.9, 2, dim=2))
    assert found.verdict in ("MATCH", "UNDECIDED")
    assert math.isfinite(found.figures["energy"]["val"]["value"])


@pytest.mark.filterwarnings("error")
def test_chunks_that_are_all_alike():
    alike = split_of(np.ones((60, 3)), [12] * 5)
    found = diagnosed(alike, alike)
    assert found.verdict == "MATCH"
    assert found.figures["splits"]["train"]["delta_positive"]["value"] == 0


def test_many_articles_get_fewer_permutations(monkeypatch):
    monkeypatch.setattr(module, "LABELS", 6000)
    monkeypatch.setattr(module, "MIN_PERMUTATIONS", 30)
    found = diagnosed(flat(30, 0.3, 1), flat(30, 0.3, 2), level=0.1)
    assert found.figures["permutations"] == 100
    assert (
        diagnosed(flat(30, 0.3, 1), flat(30, 0.3, 2), permutations=99).figures["permutations"] == 99
    )


def test_too_few_permutations_for_the_level():
    with pytest.raises(UsageError, match=r"99 permutations cannot show a level of 0\.001"):
        SplitParity(SplitParityOptions(level=0.001, permutations=99))
    SplitParity(SplitParityOptions(level=0.01, permutations=99))


def test_thresholds_are_options():
    splits = flat(250, 0.3, 1), flat(250, 0.34, 2)
    assert diagnosed(*splits, cosine_threshold=0.1).verdict == "MATCH"
    assert {option.name for option in describe(SplitParityOptions)} == {
        *("context", "horizon", "cosine_threshold", "delta_threshold", "share_threshold"),
        *("level", "permutations", "seed"),
    }


def test_float16_rows_that_are_not_unit():
    split = flat(30, 0.3, 1)
    half = split_of(split.vectors * 3, [12] * 30)
    object.__setattr__(half, "vectors", half.vectors.astype(np.float16))
    one, other = traits_of(split), traits_of(half)
    assert other.mean("lag_1") == pytest.approx(one.mean("lag_1"), abs=1e-3)

"""Ceilings in worlds where they are known."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import numpy as np
import pytest
from diagnostics.worlds import world
from recorder import Recorder

from lvmctl.data import Windows
from lvmctl.diagnostics.data.arrow.predictability import reversed_split
from lvmctl.diagnostics.data.ceilings import MIRRORED, ROWS, Ceilings, judge
from lvmctl.diagnostics.records import WindowOptions


@pytest.fixture(scope="module")
def ar1():
    """Neighbours of ``ar1`` have a cosine of exactly .9."""
    return diagnosed(world("ar1"))


def diagnosed(splits, reporter=None, **options):
    return Ceilings(WindowOptions(**options))(splits, reporter or Recorder())


def value(tree, *path):
    for key in path:
        tree = tree[key]
    return tree["value"]


def test_cosines_and_ranks(ar1):
    rows = ar1.figures["predictors"]
    assert value(rows, "direct", "cos_next") == pytest.approx(0.9, abs=1e-5)
    assert value(rows, "oracle", "cos_next") == pytest.approx(1)
    assert value(rows, "oracle", "in_article.filtered.r@5") == 1
    cosines = [value(rows, f"{c}oracle", "cos_next") for c in ("cone-", "span-", "")]
    assert 0.9 < cosines[0] <= cosines[1] <= cosines[2]
    low, high = rows["direct"]["cos_next"]["ci"]
    assert low <= 0.9 + 1e-5
    assert high >= 0.9 - 1e-5


def test_the_largest_margin_of_a_free_model_is_the_distance(ar1):
    largest = ar1.figures["largest_margin"]
    # Unit y and p with y·p = .9: the largest q·(y - p) is ‖y - p‖ = √(2 - 1.8).
    assert value(largest, "unit", "last") == pytest.approx(math.sqrt(0.2), abs=1e-5)
    ceilings = [value(largest, c, "last") for c in ("cone", "span", "unit")]
    assert ceilings == sorted(ceilings)
    assert "last" in ar1.tables[1].rows[0]


def test_a_reversible_world_is_as_predictable_backward(ar1):
    forward, mirror = ar1.figures["predictors"], ar1.figures["mirror"]
    assert value(mirror, "direct", "cos_next") == pytest.approx(0.9, abs=1e-5)
    for name in ("wiener", "span-oracle"):
        assert value(mirror, name, "cos_next") == pytest.approx(
            value(forward, name, "cos_next"), abs=0.01
        )


def test_the_verdict_and_the_plot(ar1):
    assert ar1.verdict in ("ROOM", "NO ROOM")
    assert not ar1.failed
    assert "cosine" in ar1.sentence
    assert len(ar1.plot().axes) == 2


def test_room_is_certain_or_not_claimed():
    diagnosis = diagnosed(world("topic"))
    room = diagnosis.figures["predictors"]["cone-oracle"]["in_article.filtered.r@5 - direct"]
    assert (diagnosis.verdict == "ROOM") == (room["ci"][0] > 0)


@pytest.mark.parametrize(
    ("ci", "verdict"),
    [
        ([0.02, 0.2], "ROOM"),
        ([-0.02, 0.2], "UNDECIDED"),
        ([0.0, 0.2], "UNDECIDED"),
        ([-0.2, 0.0], "NO ROOM"),
        ([-0.2, -0.02], "NO ROOM"),
        ([None, None], "UNDECIDED"),
    ],
)
def test_the_whole_interval_has_to_show_room_or_none(ci, verdict):
    assert judge({"value": 0.1, "ci": ci})[0] == verdict
    assert judge(None)[0] == "UNRANKED"


def test_one_article_has_no_interval_and_decides_nothing():
    splits = world("topic")
    diagnosis = diagnosed(replace(splits, val=splits.val.take(np.array([0]))))
    assert diagnosis.verdict == "UNDECIDED"
    assert "More articles" in diagnosis.change
    shown = [
        diagnosis.sentence,
        *(cell for table in diagnosis.tables for row in table.rows for cell in row),
    ]
    assert not any("nan" in text for text in shown)
    assert re.search(r"ranks R@5 \+\.\d{3} above direct\.$", diagnosis.sentence)


def test_only_what_is_shown_is_fitted():
    totals = []

    class Counting(Recorder):
        def progress(self, what, unit, total=None, done=0):
            totals.append(total)
            return super().progress(what, unit, total, done)

    diagnosis = diagnosed(world("ar1"), Counting())
    assert totals == [len(ROWS), len(MIRRORED)]
    assert list(diagnosis.figures["predictors"]) == list(ROWS)
    assert list(diagnosis.figures["mirror"]) == list(MIRRORED)
    assert [row[0] for row in diagnosis.tables[2].rows] == list(MIRRORED)
    assert all(each["cos_next"]["value"] for each in diagnosis.figures["mirror"].values())


def test_short_articles_have_no_ranks():
    diagnosis = diagnosed(world("ar1"), min_article=25)
    assert diagnosis.verdict == "UNRANKED"
    assert diagnosis.figures["predictors"]["direct"]["in_article.filtered.r@5"] is None


def test_windows_of_one_chunk():
    diagnosis = diagnosed(world("ar1"), context=1)
    rows = diagnosis.figures["predictors"]
    assert value(rows, "span-oracle", "cos_next") == pytest.approx(0.9, abs=1e-5)
    assert diagnosis.figures["largest_margin"]["cone"]["second_last"] is None


def test_a_reversed_split_is_each_article_backward():
    split = world("ar1", articles=10, chunks=5).train
    back = reversed_split(split)
    assert np.array_equal(back.lengths, split.lengths)
    for start, begin, length in zip(split.starts, back.starts, split.lengths):
        forward = split.vectors[start : start + length]
        assert np.array_equal(back.vectors[begin : begin + length], forward[::-1])
    assert len(Windows(back, 2, 1)) == len(Windows(split, 2, 1))
    assert back.source["articles_sha256"] != split.source["articles_sha256"]

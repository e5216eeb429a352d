"""The verdict of direction in worlds where it is known, and what it says of each idea."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from diagnostics.data.arrow.test_arrow_classifier import drifting
from diagnostics.directed import draws, split_of
from recorder import Recorder

from lvmctl.core.diagnosis import Diagnosis
from lvmctl.core.errors import DataError
from lvmctl.core.formatting import percent
from lvmctl.data import Split
from lvmctl.diagnostics.data.arrow.direction import Direction
from lvmctl.diagnostics.data.arrow.direction_text import change, sentence, strongest, verdict
from lvmctl.diagnostics.records import DirectionOptions


def diagnosed(split: Split, **options) -> Diagnosis:
    few = {"context": 3, "refits": 39, "permutations": 199, "transformer": False}
    return Direction(DirectionOptions(**few | options))(split, Recorder())


@pytest.fixture(scope="module")
def turning() -> Diagnosis:
    (split,) = draws("rotation", 1, articles=30, chunks=14, dim=8)
    return diagnosed(split, transformer=True, epochs=1)


@pytest.fixture(scope="module")
def walking() -> Diagnosis:
    (split,) = draws("ar1", 1, articles=30, chunks=14, dim=8)
    return diagnosed(split)


def test_a_rotation_holds_a_strong_arrow(turning):
    assert turning.verdict == "STRONG ARROW"
    assert not turning.failed
    effect = turning.figures["effect"]
    assert effect["lag"] == 1
    assert effect["p"] == pytest.approx(1 / 200)
    assert effect["ci"][0] < effect["value"] < effect["ci"][1]
    assert effect["value"] == pytest.approx(2 * np.sin(np.radians(40)), abs=0.05)
    assert "There is a strong arrow of time" in turning.sentence
    assert "neighbouring chunks" in turning.sentence
    assert "p = .005)." in turning.sentence
    assert "synth:reversed" in turning.change
    assert turning.figures["classifier"]["accuracy"] > 0.9
    assert turning.figures["classifier"]["p"] == pytest.approx(1 / 40)
    # It moves, and it is as predictable both ways: neither is the arrow.
    for direction in ("forward", "backward"):
        assert turning.figures["predictability"]["ridge"][f"margin_{direction}"]["ci"][0] > 0
    assert abs(turning.figures["predictability"]["ridge"]["difference"]["value"]) < 0.02


def test_nothing_is_found_where_nothing_is(walking):
    assert walking.verdict == "NO ARROW FOUND"
    assert "does not prove that there is none" in walking.sentence
    assert walking.figures["effect"]["p"] > 0.05
    assert walking.figures["effect"]["ci"][0] == 0
    assert "More articles" in walking.change
    # Recency is there, both ways, and movement is not.
    recency = walking.figures["recency"]
    assert recency["forward"]["ci"][0] > 0
    assert recency["backward"]["ci"][0] > 0
    assert walking.figures["predictability"]["ridge"]["margin_forward"]["value"] < 0


@pytest.mark.parametrize("name", ["turning", "walking"])
def test_figures_are_plain_data(name, request):
    figures = request.getfixturevalue(name).figures
    assert json.loads(json.dumps(figures, allow_nan=False)) == figures
    assert list(figures["lags"]) == ["1", "2", "3"]
    for each in figures["lags"].values():
        assert {"A", "null_mean", "null_std", "p", "corrected"} <= set(each)
    assert list(figures["lag_curve"]) == [str(lag) for lag in range(1, 11)]
    assert abs(figures["telescoping"]["value"]) <= figures["telescoping"]["bound"]
    assert "cannot show" in figures["telescoping"]["limit"]
    assert figures["network"]["chance"] == figures["classifier"]["chance"] == 0.5
    assert "p" not in figures["network"]
    assert ("transformer" in figures["predictability"]) == (name == "turning")


def test_the_three_ideas_have_tables_of_their_own(turning):
    titles = [table.title for table in turning.tables]
    for number, idea in enumerate(("Arrow of time", "Arrow of time", "Recency", "Movement")):
        assert titles[number].startswith(idea)
        assert turning.tables[number].detail == (number > 1)
    assert "no evidence against an arrow" in turning.tables[4].note
    assert "cannot show a direction" in turning.tables[5].note
    for table in turning.tables:
        assert {len(row) for row in table.rows} == {len(table.header)}


def test_the_plot_shows_the_curve_and_the_null(turning):
    figure = turning.plot()
    above, below = figure.axes
    assert above.lines[0].get_ydata()[0] == turning.figures["lag_curve"]["1"]["value"]
    measured = [each["A"] for each in turning.figures["lags"].values()]
    assert any(
        np.allclose(line.get_ydata(), measured) for line in below.lines if len(line.get_ydata())
    )
    figure.draw_without_rendering()


def test_one_seed_gives_one_answer():
    (split,) = draws("ar1", 1, articles=8)
    first, same, other = (diagnosed(split, seed=seed).figures for seed in (0, 0, 1))
    assert first == same
    assert all(first[name] != other[name] for name in ("lags", "classifier", "network"))


def test_few_articles_are_undecided():
    (split,) = draws("rotation", 1, articles=5)
    diagnosis = diagnosed(split)
    assert diagnosis.verdict == "UNDECIDED"
    assert "5 articles cannot show an arrow of time at level 5 %, at least 6" in diagnosis.sentence
    assert diagnosis.change == "More articles."


def test_one_article_has_no_interval():
    (split,) = draws("rotation", 1, articles=1)
    diagnosis = diagnosed(split)
    assert diagnosis.verdict == "UNDECIDED"
    assert diagnosis.sentence.startswith("1 article cannot")
    assert diagnosis.figures["effect"]["ci"] is None
    assert "classifier" not in diagnosis.figures
    assert diagnosis.figures["predictability"] == {}
    json.dumps(diagnosis.figures, allow_nan=False)
    diagnosis.plot().draw_without_rendering()


def test_short_articles_leave_out_what_needs_longer_ones():
    diagnosis = diagnosed(split_of(*np.random.default_rng(0).standard_normal((8, 2, 4))))
    assert list(diagnosis.figures["lags"]) == ["1"]
    assert not {"telescoping", "recency", "classifier"} & set(diagnosis.figures)


def test_the_classifier_speaks_where_the_verdict_is_blind():
    diagnosis = diagnosed(drifting(), permutations=99)
    assert diagnosis.figures["classifier"]["p"] <= 0.05
    if diagnosis.verdict == "NO ARROW FOUND":
        assert "drift of the mean" in diagnosis.change


def reading(p: float, *lags: tuple[float, float], articles: int = 9) -> dict:
    """Figures of ``lags`` (effect, p) alone."""
    records = {
        lag: {"p": p, "corrected": {"value": effect, "ci": [effect / 2, effect + 0.1]}}
        for lag, (effect, p) in enumerate(lags, 1)
    }
    lag = strongest(records, p)
    effect = records[lag]["corrected"] | {"lag": lag, "p": p}
    return {"articles": articles, "lags": {str(n): r for n, r in records.items()}, "effect": effect}


@pytest.mark.parametrize(
    ("effect", "p", "word"),
    [
        (0.9, 0.06, "NO ARROW FOUND"),
        (0.09, 0.01, "TRACE OF AN ARROW"),
        (0.1, 0.05, "ARROW"),
        (0.49, 0.01, "ARROW"),
        (0.5, 0.01, "STRONG ARROW"),
    ],
)
def test_words_follow_p_and_effect(effect, p, word):
    lags = ((effect, p), (0.0, 1.0))
    figures = reading(p, *lags)
    assert verdict(figures) == word
    assert f"by {percent(effect)} of its size" in sentence(figures)
    within = f"of its size (95 % interval {percent(effect / 2)} to {percent(effect + 0.1)}, p = "
    assert within in sentence(figures)
    assert ("does not prove" in sentence(figures)) == (p > 0.05)
    assert ("More articles" in change(figures)) == (p > 0.05)
    assert verdict(reading(p, *lags, articles=5)) == "UNDECIDED"


def test_an_estimate_without_an_interval_has_none():
    figures = reading(0.2, (0.149, 0.2))
    figures["effect"]["ci"] = None
    assert "correlated by 14.9 % of its size (p = .2)" in sentence(figures)


def test_another_lag_is_named_where_it_alone_shows_an_arrow():
    def lag(*case):
        return reading(*case)["effect"]["lag"]

    assert lag(0.01, (0.02, 0.3), (0.3, 0.004), (0.6, 0.003)) == 3
    assert lag(0.01, (0.02, 0.04), (0.3, 0.004)) == 1
    assert lag(0.2, (0.02, 0.3), (0.3, 0.1)) == 1
    text = sentence(reading(0.01, (0.02, 0.3), (0.3, 0.004)))
    assert "chunks 2 apart" in text


def test_separate_windows_are_refused():
    (split,) = draws("ar1", 1)
    with pytest.raises(DataError, match=r"separate windows.*import files with article_ids"):
        diagnosed(replace(split, separate=True))


def test_articles_of_one_chunk_are_refused():
    with pytest.raises(DataError, match="no article has two chunks"):
        diagnosed(split_of(*np.eye(4)[:, None]))

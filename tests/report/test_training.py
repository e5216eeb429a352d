from __future__ import annotations

import pytest
from report.plots import labels, line, texts
from report.saved import epoch, history

from lvmctl.report.section import Missing, Section
from lvmctl.report.training import Mark, draw, points, section


def marks(records, best_by="cos_next"):
    return [(mark.epoch, mark.word) for mark in points(records, best_by)]


def test_best_collapse_and_stop_are_marked():
    assert marks(history()) == [(3, "best"), (5, "collapse?"), (5, "stopped")]
    reasons = {mark.word: mark.why for mark in points(history(), "cos_next")}
    assert reasons["collapse?"] == "cos_next .390 → .240"
    assert reasons["stopped"].startswith("p8/kill-rule: margin[last]")


@pytest.mark.parametrize("key", ["cos_next", "cos_anchor", "alpha_entropy"])
@pytest.mark.parametrize(("after", "fell"), [(0.5, True), (0.501, False)])
def test_a_fall_by_a_third_is_a_collapse(key, after, fell):
    records = [epoch(number, 0.4) for number in (1, 2)]
    records[0]["val"][key], records[1]["val"][key] = 0.75, after
    assert ((2, "collapse?") in marks(records)) == fell


def test_what_was_not_positive_cannot_collapse():
    records = [epoch(1, -0.1), epoch(2, -0.4)]
    for record in records:
        record["val"]["alpha_entropy"] = 0.0
    assert (2, "collapse?") not in marks(records)


def test_an_epoch_without_validation_is_passed_over():
    records = [epoch(1, 0.4), {"epoch": 2, "train": {"loss": 1.0}}, epoch(3, 0.1)]
    measured = [record for record in records if "val" in record]
    assert (3, "collapse?") in marks(measured)
    figure = draw(records, [])
    assert line(figure.axes[1], "cos_next") == ([1, 3], [0.4, 0.1])


def test_the_curves_are_the_history():
    records = history()
    figure = draw(records, list(points(records, "cos_next")))
    top, middle, bottom = figure.axes
    epochs = [1, 2, 3, 4, 5]
    assert line(top, "train") == (epochs, [r["train"]["loss"] for r in records])
    assert line(top, "val") == (epochs, [r["val"]["loss"] for r in records])
    assert line(top, "margin") == (epochs, [0.13] * 5)
    assert line(middle, "cos_next") == (epochs, [r["val"]["cos_next"] for r in records])
    assert line(middle, "direct") == (epochs, [0.37] * 5)
    assert line(middle, "cos_anchor") == (epochs, [r["val"]["cos_anchor"] for r in records])
    assert {axes.get_lines()[0].get_color() for axes in figure.axes} == {"black"}  # the run
    assert line(bottom, "R@5") == (epochs, [r["val"]["r@5"] for r in records])
    assert line(bottom, "direct") == (epochs, [0.52] * 5)
    assert line(bottom, "chance") == (epochs, [0.14] * 5)


def test_marks_cross_every_panel_and_are_named_once():
    figure = draw(history(), list(points(history(), "cos_next")))
    for axes in figure.axes:
        at = [line.get_xdata()[0] for line in axes.get_lines() if len(line.get_xdata()) == 2]
        assert at == [3, 5, 5]
    assert texts(figure.axes[0]) == ["best", "collapse?, stopped"]
    assert texts(figure.axes[1]) == []


def test_a_word_at_the_first_epoch_does_not_lie_on_the_axis():
    (first, last) = draw(history(), [Mark(1, "best", ""), Mark(5, "stopped", "")]).axes[0].texts
    assert (first.get_ha(), last.get_ha()) == ("left", "right")


def test_without_retrieval_there_are_two_panels():
    records = [epoch(1, 0.4)]
    del records[0]["val"]["r@5"]
    assert len(draw(records, []).axes) == 2


def test_a_history_without_terms_shows_the_loss():
    records = [{"epoch": 1, "train": {"loss": 1.0}, "val": {"loss": 2.0, "cos_next": 0.1}}]
    assert labels(draw(records, []).axes[0]) == ["train", "val"]


def test_the_sentence_says_when_and_why(make_inputs):
    shown = section(make_inputs())
    assert isinstance(shown, Section)
    assert "Epoch 3: best (its weights are evaluated here)." in shown.body
    assert "Epoch 5: collapse? (cos_next .390 → .240)." in shown.body
    assert "margin[last] -0.312 &lt; +0.000" in shown.body


@pytest.mark.parametrize("records", [None, [], [{"epoch": 1, "train": {"loss": 1.0}}]])
def test_without_an_evaluated_epoch_it_is_left_out(make_inputs, records):
    shown = section(make_inputs(history=records))
    assert isinstance(shown, Missing)
    assert "no training_history.json with an evaluated epoch" in shown.why

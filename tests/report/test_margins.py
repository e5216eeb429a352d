from __future__ import annotations

import pytest
from report.plots import labels, line, segments
from report.saved import branch, fivecat, tree

from lvmctl.report.margins import draw, section


def test_points_are_the_margins_and_bars_their_intervals():
    trees = {"p8": tree(0.0), "direct": tree(-0.03), "ceiling": {"margin": branch(last=0.12)}}
    (axes,) = draw(trees).axes
    values, rows = line(axes, "p8")
    assert values == pytest.approx([-0.12, -0.05, 0.10])
    assert rows == pytest.approx([-0.2, 0.8, 1.8])
    assert line(axes, "direct")[1] == pytest.approx([0, 1, 2])
    assert line(axes, "ceiling") == ([0.12], [pytest.approx(0.2)])
    low, high = trees["p8"]["margin"]["ci"]["last"]
    assert segments(axes.collections[0])[0] == (low, pytest.approx(-0.2), high, pytest.approx(-0.2))
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["last", "second_last", "unseen"]


def test_a_margin_that_is_not_there_has_no_point():
    metrics = tree(0.0)
    del metrics["margin"]["second_last"]  # K = 1
    metrics["margin"]["unseen"] = None
    (axes,) = draw({"p8": metrics, "direct": {"margin": {}}}).axes
    assert line(axes, "p8") == ([-0.12], [pytest.approx(-0.1)])
    assert line(axes, "direct") == ([], [])


def test_the_sentence_names_every_previous_and_its_ceiling(make_inputs):
    body = section(make_inputs()).body
    assert "(last .120, second_last .190, unseen .300)" in body
    assert "margin[last] -.120 [-.140, -.090], margin[second_last] -.050" in body
    assert "it does not mean “backward”" in body


def test_a_baseline_that_was_not_measured_is_left_out(make_inputs):
    result = fivecat()
    del result["predictors"]["centroid"]
    assert ">centroid<" not in section(make_inputs(result)).body
    assert labels(draw({"p8": tree(0.0)}).axes[0]) == ["p8"]

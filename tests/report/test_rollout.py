from __future__ import annotations

import pytest
from report.plots import labels, line, segments
from report.saved import fivecat, tree

from lvmctl.report.rollout import draw, section
from lvmctl.report.section import Missing


def test_the_cosines_are_drawn_step_by_step_with_intervals():
    trees = {"p8": tree(0.0), "direct": tree(-0.03), "wiener": tree(0.05)}
    (axes,) = draw(trees).axes
    assert labels(axes) == ["p8", "direct", "wiener"]
    for name, predictor in trees.items():
        x, y = line(axes, name)
        assert x == pytest.approx([1, 2], abs=0.1)
        assert y == [predictor["rollout"]["step_1"], predictor["rollout"]["step_2"]]
    low, high = trees["p8"]["rollout"]["ci"]["step_1"]
    assert segments(axes.collections[0])[0][1::2] == (low, high)


def test_a_baseline_without_a_rollout_is_not_drawn_and_a_run_without_one_is_left_out(make_inputs):
    result = fivecat()
    del result["predictors"]["wiener"]["rollout"]
    body = section(make_inputs(result)).body
    assert "p8 .350" in body
    assert ">wiener<" not in body
    del result["predictors"]["p8"]["rollout"]
    assert isinstance(section(make_inputs(result, name="other")), Missing)

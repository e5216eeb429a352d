from __future__ import annotations

import pytest
from report.plots import labels, segments
from report.saved import branch, fivecat, tree

from lvmctl.report.ablations import draw, section
from lvmctl.report.section import Missing


def bars(axes):
    """(row, length) of the bars by predictor."""
    return {
        container.get_label(): [
            (bar.get_y() + bar.get_height() / 2, bar.get_width()) for bar in container
        ]
        for container in axes.containers
    }


def changes(trees):
    return {name: tree["ablations"] for name, tree in trees.items()}


def test_bars_are_the_changes_and_lines_their_intervals():
    trees = {"p8": tree(0.0), "direct": tree(0.04)}
    (axes,) = draw(changes(trees), "cos(q, target)").axes
    by_label = bars(axes)
    assert [length for _, length in by_label["p8"]] == [-0.03, -0.045, -0.01, 0.02, -0.19]
    assert [row for row, _ in by_label["p8"]] == pytest.approx([-0.1, 0.9, 1.9, 2.9, 3.9])
    assert [row for row, _ in by_label["direct"]] == pytest.approx([0.1, 1.1, 2.1, 3.1, 4.1])
    low, high = trees["p8"]["ablations"]["ci"]["shuffled"]
    assert segments(axes.collections[0])[0] == (low, pytest.approx(-0.1), high, pytest.approx(-0.1))
    assert [tick.get_text().replace("\n", " ") for tick in axes.get_yticklabels()] == [
        "shuffled",
        "reversed",
        "one chunk left out",
        "copies of the last",
        "last chunk foreign",
    ]
    hatches = {container[0].get_hatch() for container in axes.containers}
    assert len(hatches) == 2


def test_a_change_that_was_not_measured_has_no_bar():
    alone, other = tree(0.0), tree(0.0)
    alone["ablations"] = {"replaced": -0.2, "ci": {"replaced": [-0.3, -0.1]}}  # K = 1
    other["ablations"] = {"replaced": None, "ci": {"replaced": [None, None]}}
    (axes,) = draw(changes({"p8": alone, "direct": other}), "cos(q, target)").axes
    assert [len(patches) for patches in bars(axes).values()] == [1, 0]
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["last chunk\nforeign"]
    assert labels(axes) == ["p8", "direct"]


def test_the_sentence_says_what_order_is_worth(make_inputs):
    body = section(make_inputs()).body
    assert "p8, shuffled: -.030 [-.050, .000]." in body
    assert all(f">{name}<" in body for name in ("p8", "direct", "wiener", "ridge"))


def test_predictors_without_ablations_are_left_out(make_inputs):
    result = fivecat()
    del result["predictors"]["ridge"]
    assert ">ridge<" not in section(make_inputs(result)).body
    result["predictors"]["p8"].pop("ablations")
    assert isinstance(section(make_inputs(result, name="other")), Missing)


def test_of_a_model_with_its_own_score_the_change_in_mrr_is_drawn(make_inputs):
    result = fivecat()
    for name in ("p8", "direct"):
        result["predictors"][name]["ablations"]["mrr@10"] = branch(shuffled=-0.07, replaced=-0.2)
    body = section(make_inputs(result)).body
    assert "Change in MRR@10" in body
    assert ">change in MRR@10<" in body
    assert "p8, shuffled: -.070" in body
    assert "cos(q, target): -.030" in body

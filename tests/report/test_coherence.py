from __future__ import annotations

import pytest
from report.plots import labels, line, segments
from report.saved import branch, fivecat

from lvmctl.report.coherence import draw, section
from lvmctl.report.section import Missing


def test_points_are_the_means_of_the_bins():
    trees = {
        ("p8", "val"): {"coherence": branch(low=0.3, high=0.5)},
        ("p8", "OOD"): {"coherence": branch(low=0.2, normal=0.35, high=0.45)},
        ("direct", "val"): {"coherence": {}},
    }
    (axes,) = draw(trees).axes
    assert line(axes, "p8, val") == (pytest.approx([-0.14, 1.86]), [0.3, 0.5])
    assert line(axes, "p8, OOD") == (pytest.approx([0, 1, 2]), [0.2, 0.35, 0.45])
    assert line(axes, "direct, val") == ([], [])
    low, high = trees["p8", "val"]["coherence"]["ci"]["low"]
    assert segments(axes.collections[0])[0] == (
        pytest.approx(-0.14),
        low,
        pytest.approx(-0.14),
        high,
    )
    left, right = axes.get_xlim()
    assert left < -0.14
    assert right > 2.14
    filled = [line.get_markerfacecolor() for line in axes.get_lines()]
    assert filled == ["black", "white", filled[2]]


def test_both_splits_are_shown_with_the_gap(make_inputs):
    shown = section(make_inputs())
    assert "windows of normal coherence: .030 [.012, .048]; near 0 is stable." in shown.body
    for label in ("p8, val", "p8, OOD", "direct, val", "direct, OOD"):
        assert f">{label}<" in shown.body


def test_a_gap_over_all_windows_says_so(make_inputs):
    result = fivecat()
    result["coherence_gap"]["metric"] = "cos_next"
    assert "val − OOD on all windows: .030" in section(make_inputs(result)).body


def test_without_other_text_it_says_so(make_inputs):
    body = section(make_inputs(fivecat() | {"ood": None, "coherence_gap": None})).body
    assert "There is no OOD text to compare with." in body
    assert "OOD<" not in body


def test_windows_of_one_chunk_have_no_coherence(make_inputs):
    result = fivecat() | {"ood": None}
    for tree in result["predictors"].values():
        tree.pop("coherence")
    assert isinstance(section(make_inputs(result)), Missing)
    assert labels(draw({("p8", "val"): {"coherence": branch(low=0.3)}}).axes[0]) == ["p8, val"]

from __future__ import annotations

import pytest
from report.plots import labels, line, segments, texts
from report.saved import WINDOW, fivecat, sweep

from lvmctl.report.offsets import draw, section


def test_the_sweep_is_drawn_in_order_with_its_intervals():
    curve = sweep(0.0)
    shuffled = dict(sorted(curve["offsets"].items()))  # as text: "-1", "-2", …, "0"
    (axes,) = draw({"p8": curve | {"offsets": shuffled}, "direct": sweep(-0.03)}, WINDOW).axes
    offsets, values = line(axes, "p8")
    assert offsets == list(range(-8, 4))
    assert values == [curve["offsets"][str(k)]["value"] for k in range(-8, 4)]
    bars = segments(axes.collections[0])
    assert bars == [
        (k, *[curve["offsets"][str(k)]["ci"][0]], k, curve["offsets"][str(k)]["ci"][1])
        for k in range(-8, 4)
    ]
    assert line(axes, "direct")[1][8] == pytest.approx(0.37)


def test_the_window_is_shaded_and_the_rival_ringed():
    (axes,) = draw({"p8": sweep(0.0)}, WINDOW).axes
    (shade,) = axes.patches
    assert (shade.get_x(), shade.get_x() + shade.get_width()) == (-5.5, -0.5)
    assert line(axes, "best outside") == ([1], [0.38])
    assert texts(axes) == ["window", "target"]


def test_offsets_of_no_window_are_left_out():
    curve = sweep(0.0)
    curve["offsets"]["3"] = None
    del curve["rivals"]["fair"]
    (axes,) = draw({"p8": curve}, WINDOW).axes
    assert line(axes, "p8")[0] == list(range(-8, 3))
    assert labels(axes) == ["p8"]


def test_the_sentence_names_the_rival(make_inputs):
    body = section(make_inputs()).body
    assert "Fair rule: .530 [.510, .560] of the windows have no chunk outside" in body
    assert "direct .500, chance .143." in body
    assert "Diagnostic: the mean cosine to the target is .030 [.010, .060] above" in body
    assert "(k = +1, ringed)" in body
    result = fivecat()
    result["sweep"]["p8"]["rivals"]["fair"] = -6
    assert "(k = -6, ringed)" in section(make_inputs(result, name="older")).body
    del result["sweep"]["p8"]["rivals"]["fair"]
    body = section(make_inputs(result, name="other")).body
    assert "Diagnostic" not in body
    assert "Fair rule" in body
    for tree in result["predictors"].values():
        del tree["offsets"]["accuracy"]
    assert "Fair rule" not in section(make_inputs(result, name="short")).body

from __future__ import annotations

import re
from xml.etree import ElementTree

import matplotlib

from lvmctl.report.drawing import DIRECT, RIDGE, RUN, WIENER, canvas, in_style, legend, svg


@in_style
def drawn(label: str = "run"):
    figure, (axes,) = canvas(100)
    RUN.plot(axes, [0, 1], [0, 1], label)
    axes.barh([0.5], [1], hatch=DIRECT.hatch)
    axes.set_xlim(0.1, 0.9)  # something to clip
    legend(figure, axes)
    return figure


def test_a_plot_scales_with_the_page():
    root = ElementTree.fromstring(svg(drawn(), "r1", "A line"))
    assert set(root.attrib) == {"viewBox", "role", "aria-labelledby"}
    assert root.attrib["viewBox"] == "0 0 360 100"
    assert root.attrib["role"] == "img"


def test_a_plot_is_named_for_who_cannot_see_it():
    root = ElementTree.fromstring(svg(drawn(), "r1", "1 < 2"))
    assert (root[0].tag, root[0].text) == ("title", "1 < 2")
    assert root[0].attrib["id"] == root.attrib["aria-labelledby"]


def test_every_id_is_the_plots_own_and_every_use_of_one_finds_it():
    text = svg(drawn(), "r7", "x")
    ids = re.findall(r' id="([^"]+)"', text)
    uses = re.findall(r"url\(#([^)]+)\)", text) + re.findall(r'href="#([^"]+)"', text)
    assert len(set(ids)) == len(ids)
    assert all(name.startswith("r7-") for name in ids)
    assert {name.split("-")[1][0] for name in uses} >= {"p", "h", "m"}  # clips, hatches, markers
    assert set(uses) <= set(ids)


def test_nothing_in_a_plot_comes_from_elsewhere_or_changes():
    text = svg(drawn(), "r1", "x")
    assert "http" not in text
    assert "<style" not in text
    assert "metadata" not in text
    assert text == svg(drawn(), "r1", "x")


def test_words_stay_words_whatever_they_are():
    text = svg(drawn('$x$ <b> id="x" & url(#x)'), "r1", "x")
    assert '>$x$ &lt;b&gt; id="x" &amp; url(#x)<' in text


def test_the_users_own_settings_do_not_matter():
    plain = svg(drawn(), "r1", "x")
    with matplotlib.rc_context({"lines.linewidth": 9, "svg.fonttype": "path", "font.size": 30}):
        assert svg(drawn(), "r1", "x") == plain
        assert matplotlib.rcParams["font.size"] == 30


def test_predictors_differ_without_their_colours():
    looks = [RUN, DIRECT, WIENER, RIDGE]
    for feature in ("line", "marker", "hatch"):
        assert len({getattr(look, feature) for look in looks}) == len(looks)
    assert RUN.inside == RUN.color
    assert DIRECT.inside == "white"

from __future__ import annotations

import re

from report.saved import fivecat

from lvmctl.report.overview import columns, overview


def names(runs):
    return [name for name, _ in columns(runs)]


def text(html: object) -> str:
    return re.sub(r"<[^>]*>", "", str(html)).strip()


def test_one_run_stands_beside_direct_and_chance(make_inputs):
    found = dict(columns([make_inputs()]))
    assert list(found) == ["p8", "direct", "chance"]
    assert text(found["p8"]["R@5"]) == ".550 [.530, .580]"
    assert text(found["p8"]["margin[last]"]) == "-.120 [-.140, -.090]"
    assert text(found["p8"]["verdict"]) == "✗ FAIL 1 of 3 (fair)"
    assert text(found["direct"]["cos_next"]) == ".370 [.350, .400]"
    assert [text(found["chance"][name]) for name in ("R@5", "MRR@10", "cos_next")] == [
        ".140",
        ".100",
        "",
    ]


def test_runs_on_the_same_windows_share_direct(make_inputs):
    runs = [make_inputs(name="a"), make_inputs(name="b")]
    assert names(runs) == ["a", "b", "direct", "chance"]
    assert "cannot be compared" not in overview(runs)


def test_runs_on_other_windows_have_their_own_and_a_warning(make_inputs):
    for changed in ({"context": 7}, {"data": {"val": {"windows": 9, "content_hash": "sha256:0"}}}):
        key = next(iter(changed))
        runs = [make_inputs(name=f"a{key}"), make_inputs(fivecat() | changed, name=f"b{key}")]
        assert [name for name in names(runs) if name == "direct"] == ["direct"] * 2
        assert "cannot be compared" in overview(runs)


def test_every_main_figure_is_a_row(make_inputs):
    found = overview([make_inputs()])
    heads = re.findall(r'scope="row">([^<]*)<', found)
    assert heads == [
        "R@5",
        "MRR@10",
        "cos_next",
        "margin[last]",
        "margin[second_last]",
        "margin[unseen]",
        "verdict",
    ]

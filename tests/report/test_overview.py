from __future__ import annotations

import re

from report.saved import fivecat

from lvmctl.report.overview import columns, overview


def names(runs):
    return [column.name for column in columns(runs)]


def test_one_run_stands_beside_direct_and_chance(make_inputs):
    inputs = make_inputs()
    run, direct, chance = columns([inputs])
    assert [run.name, direct.name, chance.name] == ["p8", "direct", "chance"]
    assert run.figures["R@5"] == (".550", "[.530, .580]")
    assert run.figures["margin[last]"] == ("-.120", "[-.140, -.090]")
    assert direct.figures["cos_next"] == (".370", "[.350, .400]")
    assert chance.figures == {"R@5": (".140", ""), "MRR@10": (".100", "")}
    words = re.sub(r"<[^>]*>", "", overview([inputs]))
    assert "✗ FAIL 1 of 3 (fair)" in words


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
    shown = overview([make_inputs()])
    heads = re.findall(r'scope="row">([^<]*)<', shown)
    assert heads == [
        "R@5",
        "MRR@10",
        "cos_next",
        "margin[last]",
        "margin[second_last]",
        "margin[unseen]",
        "verdict",
    ]

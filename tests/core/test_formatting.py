"""Numbers look the same everywhere, and tables line up."""

from __future__ import annotations

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvmctl.core.formatting import (
    WIDTH,
    count,
    estimate,
    interval,
    metric_cells,
    number,
    p_value,
    paragraph,
    percent,
    table,
)

TREE = {"margin": {"last": -0.0254, "bad": None, "ci": {"last": [-0.03, -0.0201]}}, "rollout": None}


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.2494, ".249"),
        (-0.0251, "-.025"),
        (1, "1.000"),
        (0.9996, "1.000"),
        (0.99949, ".999"),
        (-0.9999, "-1.000"),
        (10.08, "10.080"),
        (-0.0001, ".000"),
        (0.0, ".000"),
        (math.nan, "-"),
        (math.inf, "-"),
        (None, "-"),
    ],
)
def test_a_number_is_short_and_never_minus_nothing(value, shown):
    assert number(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.125, "+.125"), (-0.5, "-.500"), (1.2, "+1.200"), (-0.0001, "+.000"), (math.nan, "-")],
)
def test_a_signed_number_always_says_its_sign(value, shown):
    assert number(value, signed=True) == shown


def test_digits_are_places_or_significant_ones():
    assert number(0.02345, 4) == ".0234" or number(0.02345, 4) == ".0235"
    assert number(-0.5, 2, signed=True) == "-.50"
    assert [number(value, None) for value in (0.41402, 41.402, 1234567.0, 0.0)] == [
        ".414",
        "41.4",
        "1.235e+06",
        "0",
    ]


@pytest.mark.parametrize("ends", [None, (None, 0.2), (0.1, math.nan), (math.nan, math.nan)])
def test_an_interval_with_an_open_end_is_left_out(ends):
    assert interval(ends) == ""
    assert estimate(0.125, ends, signed=True) == "+.125"


def test_an_estimate_is_a_value_with_its_interval():
    assert estimate(0.545, (0.53, 0.56)) == ".545 [.530, .560]"
    assert estimate(0.125, [-0.01, 1.2], signed=True) == "+.125 [-.010, +1.200]"
    assert estimate(math.nan, (0.1, 0.2)) == estimate(None, None) == "-"


def test_a_figure_is_found_by_path_with_its_interval():
    assert metric_cells(TREE, "margin.last") == ("-.025", "[-.030, -.020]")


@pytest.mark.parametrize("path", ["margin.bad", "margin.none", "rollout.mean", "no.where", "none"])
def test_a_figure_that_is_not_there_is_a_dash(path):
    assert metric_cells(TREE, path) == ("-", "")


def test_p_values_shares_and_counts():
    shown = [p_value(p) for p in (0.03125, 0.0005, 1.0, 0.0, 2e-7, None, math.nan)]
    assert shown == [".0312", ".0005", "1", "0", "2e-07", "-", "-"]
    assert (percent(0.1234), percent(0.05, 0)) == ("12.3 %", "5 %")
    assert (count(1, "article"), count(1170, "article")) == ("1 article", "1,170 articles")
    assert count(1170) == "1,170"


def test_a_table_aligns_numbers_right_and_text_left():
    shown = table(("NAME", "N", "WHY"), [("a", 10, "x"), ("long", 2.5, None), ("b", None, "y")])
    assert shown.splitlines() == [
        "NAME    N  WHY",
        "a      10  x",
        "long  2.5  -",
        "b       -  y",
    ]


def test_text_that_is_too_wide_is_folded_the_widest_column_first():
    shown = table(("name", "n", "why"), [("a", 1, "long " * 20), ("b", 22, "short")]).splitlines()
    assert shown == [
        "name   n  why",
        "a      1  " + "long " * 13 + "long",
        "          " + "long " * 5 + "long",
        "b     22  short",
    ]


def test_numbers_that_are_too_wide_stand_in_blocks_with_the_first_column():
    header = ["name", *(f"column_number_{i}" for i in range(6))]
    shown = table(header, [("one", *range(6)), ("two", *range(6, 12))])
    blocks = [block.splitlines() for block in shown.split("\n\n")]
    assert [block[0].split() for block in blocks] == [header[:5], ["name", *header[5:]]]
    assert [block[2].split() for block in blocks] == [["two", *"6789"], ["two", "10", "11"]]


WORD = st.text(st.characters(categories=("L", "N", "P")), min_size=1, max_size=100)
CELL = st.one_of(st.lists(WORD, max_size=30).map(" ".join), st.floats(), st.none())


@given(st.data())
def test_every_table_fits_and_loses_nothing(data):
    columns = data.draw(st.integers(1, 8))
    row = st.lists(CELL, min_size=columns, max_size=columns)
    header = data.draw(st.lists(WORD, min_size=columns, max_size=columns))
    rows = data.draw(st.lists(row, max_size=4))
    lines = table(header, rows).splitlines()
    assert max(map(len, lines), default=0) <= WIDTH
    shown = Counter("".join(lines).replace(" ", ""))
    cells = [cell for row in rows for cell in row if isinstance(cell, str)]
    assert Counter("".join([*header, *cells]).replace(" ", "")) <= shown
    if len(table(header, rows).split("\n\n")) == 1 and len(lines) == 1 + len(rows):
        assert lines[0].split() == header


def test_a_paragraph_keeps_long_words_whole():
    long = "x" * 100
    assert paragraph(f"{'a ' * 45}{long} split-parity").splitlines() == [
        " ".join("a" * 40),
        "a a a a a",
        long,
        "split-parity",
    ]
    assert paragraph(f"{'x' * 76} 95 % of it").splitlines() == ["x" * 76, "95 % of it"]

"""Dotted paths lead through nested mappings, and to nothing where there is nothing."""

from __future__ import annotations

import math

import pytest

from lvmctl.core.tree import get, get_interval, get_mapping, get_number, leaves, nested

TREE = {
    "epoch": 3,
    "val": {"margin.last": 0.1, "r@5": 0.5, "ci": {"r@5": [0.4, 0.6], "mrr": None}, "lost": None},
    "val.flat": 7,
    "list": [1],
    "large": 10**400,
    "nan": math.nan,
    "yes": True,
    "text": "1.0",
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("epoch", 3),
        ("val.r@5", 0.5),
        ("val.margin.last", 0.1),
        ("val.flat", 7),
        ("val.lost", None),
        ("val.margin", "nothing"),
        ("epoch.deeper", "nothing"),
        ("list.0", "nothing"),
        ("", "nothing"),
    ],
)
def test_a_path_leads_to_what_stands_there(path, value):
    assert get(TREE, path, "nothing") == value


@pytest.mark.parametrize("tree", [None, 3, [], "text"])
def test_what_is_no_mapping_has_nothing(tree):
    assert get(tree, "a.b") is None
    assert get_mapping(tree, "a") == {}
    assert get_number(tree, "a", math.inf) == math.inf


@pytest.mark.parametrize("path", ["nan", "yes", "text", "large", "list", "val", "val.lost", "no"])
def test_only_finite_numbers_are_numbers(path):
    assert get_number(TREE, path) is None


def test_intervals_stand_under_ci_beside_their_figures():
    assert get_interval(TREE, "val.r@5") == (0.4, 0.6)
    assert get_interval(TREE, "val.mrr") == (None, None)
    assert get_interval({"ci": {"a": [0.1, None]}}, "a", math.inf) == (0.1, math.inf)


def test_leaves_make_the_tree_again():
    tree = {"a": 1, "b": {"c": [2], "d": {"e": None}}}
    assert dict(leaves(tree)) == {"a": 1, "b.c": [2], "b.d.e": None}
    assert nested(leaves(tree)) == tree

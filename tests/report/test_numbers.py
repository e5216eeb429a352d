"""Figures of a saved result for plots."""

from __future__ import annotations

import math

import pytest

from lvmctl.report.numbers import at, ends, interval_at, real, with_interval

TREE = {"margin": {"last": -0.0254, "bad": None, "ci": {"last": [-0.03, -0.0201]}}, "rollout": None}


def test_figures_are_found_by_path_with_their_intervals():
    assert at(TREE, "margin.last") == -0.0254
    assert interval_at(TREE, "margin.last") == (-0.03, -0.0201)
    assert with_interval(TREE, "margin.last") == "-.025 [-.030, -.020]"


@pytest.mark.parametrize("path", ["margin.bad", "margin.none", "rollout.mean", "no.where", "none"])
def test_what_is_not_there_is_not_a_number(path):
    assert math.isnan(at(TREE, path))
    assert all(map(math.isnan, interval_at(TREE, path)))
    assert with_interval(TREE, path) == "-"


def test_null_is_not_a_number():
    assert math.isnan(real(None))
    assert all(map(math.isnan, ends(None)))

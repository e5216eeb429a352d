"""What leakage advises."""

from __future__ import annotations

import pytest

from lvmctl.diagnostics.data.leakage.leakage import change
from lvmctl.diagnostics.data.leakage.leakage_options import LeakageOptions


@pytest.mark.parametrize(("boilerplate", "most"), [(0, False), (10, False), (11, True), (20, True)])
def test_boilerplate_is_blamed_where_it_is_most_of_what_repeats(boilerplate, most):
    pairs = [
        {"shared_articles": 0, "boilerplate": boilerplate, "repeated": 12},
        {"shared_articles": 0, "boilerplate": 0, "repeated": 8},
    ]
    said = change({"ordinary": {"pairs": 0}, "within": {}}, pairs, LeakageOptions())
    assert said.startswith("most of it is boilerplate" if most else "move articles that repeat")

"""The numbers of P8's gates, typed from docs/methods.md#protocol a second time."""

from __future__ import annotations

import pytest

from lvmctl.testing import gate_lines

# test of 5CAT, windows, metric, bound, and what else differs from a record's defaults
DOCUMENTED = {
    "p8": [
        "- val margin.last >= 0.2",
        "- val in_article.filtered.r@5 >= 0.8 seed_metric=in_article.unfiltered.r@5",
        "- val in_article.filtered.mrr@10 >= 0.65 seed_metric=in_article.unfiltered.mrr@10",
        "- val order_accuracy >= 0.75",
    ],
}


@pytest.mark.parametrize("profile", DOCUMENTED)
def test_the_gates_of_a_profile_are_those_of_methods(profile):
    assert gate_lines(f"p8/{profile}") == DOCUMENTED[profile]

"""The numbers of P7's gates and of its ship criteria, typed from docs/methods.md#protocol a second
time."""

from __future__ import annotations

import pytest

from lvmctl.testing import gate_lines

# test of 5CAT, windows, metric, bound, and what else differs from a record's defaults
DOCUMENTED = {
    "p7": [
        "- val margin.last >= 0.2 marginal=0.1",
        "- val cos_next >= 0.45 marginal=0.35",
        "- val cos_anchor >= 0.4 marginal=0.05",
    ],
    "ship": [
        "- val in_article.filtered.r@5 >= 0.1 against=direct require_interval "
        "seed_metric=in_article.unfiltered.r@5",
        "- val in_article.filtered.mrr@10 >= 0.05 against=direct require_interval "
        "seed_metric=in_article.unfiltered.mrr@10",
        "- val latency.ratio <= 1.15",
    ],
}


@pytest.mark.parametrize("profile", DOCUMENTED)
def test_the_gates_of_a_profile_are_those_of_methods(profile):
    assert gate_lines(f"p7/{profile}") == DOCUMENTED[profile]

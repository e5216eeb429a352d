"""The numbers of P6b's gates and the production gate, typed from docs/methods.md#protocol a second
time."""

from __future__ import annotations

import pytest
from lvmctl_p6b.gates import PROFILES

from lvmctl.testing import gate_lines

# test of 5CAT, windows, metric, bound, and what else differs from a record's defaults
DOCUMENTED = {
    "p6b": [
        "A val offsets.fair >= 0.05 seed_metric=offsets.seed",
        "B val in_article.filtered.r@5 >= 0.7 seed_metric=in_article.unfiltered.r@5",
        "B val in_article.filtered.r@1 >= 0.6 seed_metric=in_article.unfiltered.r@1",
        "C val ablations.shuffled <= -0.15",
        "D val rollout.mean >= 0.45",
        "E val coherence.gap <= 0.05",
        "- ood in_article.filtered.r@5 >= 0.7 optional seed_metric=in_article.unfiltered.r@5",
        "- val offsets.fair >= 0.05 optional seed_metric=offsets.seed",
    ],
    "strict": [
        "A val cos_next >= 0.5",
        "A ood cos_next >= 0.48",
        "A val offsets.fair >= 0.12 seed_metric=offsets.strict",
        "A ood offsets.fair >= 0.1 seed_metric=offsets.strict",
        "B val in_article.filtered.r@1 >= 0.6 seed_metric=in_article.unfiltered.r@1",
        "B ood in_article.filtered.r@1 >= 0.55 seed_metric=in_article.unfiltered.r@1",
        "B val in_article.filtered.r@5 >= 0.95 seed_metric=in_article.unfiltered.r@5",
        "B ood in_article.filtered.r@5 >= 0.92 seed_metric=in_article.unfiltered.r@5",
        "B val in_article.filtered.mrr >= 0.8 seed_metric=in_article.unfiltered.mrr",
        "B ood in_article.filtered.mrr >= 0.75 seed_metric=in_article.unfiltered.mrr",
        "C val ablations.shuffled <= -0.15",
        "C val ablations.reversed <= -0.1",
        "C val ablations.leave_one_out <= -0.08",
        "D val rollout.mean >= 0.45",
        "D ood rollout.mean >= 0.42",
        "E val coherence.gap <= 0.05",
    ],
}


@pytest.mark.parametrize("profile", DOCUMENTED)
def test_the_gates_of_a_profile_are_those_of_methods(profile):
    assert gate_lines(f"p6b/{profile}") == DOCUMENTED[profile]


def test_three_of_the_five_tests_are_needed():
    assert {profile.name: profile.needed for profile in PROFILES} == {"p6b": 3, "strict": None}

"""The numbers of P8's gates, typed from docs/methods.md#protocol a second time."""

from __future__ import annotations

import pytest
from lvmctl_p8.gates import GATES, PROFILES

from lvmctl import VerdictGate

R5, MRR10 = "in_article.filtered.r@5", "in_article.filtered.mrr@10"
SEED = {R5: "in_article.unfiltered.r@5", MRR10: "in_article.unfiltered.mrr@10"}

# (category, split, metric, ">=" or "<=", bound, what else differs from the record's defaults)
METHODS = {
    "p8": [
        ("", "val", "margin.last", ">=", 0.20, {}),
        ("", "val", R5, ">=", 0.80, {}),
        ("", "val", MRR10, ">=", 0.65, {}),
        ("", "val", "order_accuracy", ">=", 0.75, {}),
    ],
}


def row(gate: VerdictGate) -> tuple:
    found = {
        name: getattr(gate, name)
        for name in ("against", "require_interval", "marginal", "optional", "seed_metric")
        if getattr(gate, name)
    }
    if found.get("seed_metric") == SEED.get(gate.metric):
        found.pop("seed_metric", None)
    op, bound = (">=", gate.at_least) if gate.at_most is None else ("<=", gate.at_most)
    return gate.category, gate.split, gate.metric, op, bound, tuple(sorted(found.items()))


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_the_gates_of_a_profile_are_those_of_methods(profile):
    expected = {(*fixed, tuple(sorted(rest.items()))) for *fixed, rest in METHODS[profile.name]}
    named = {gate.name: gate for gate in GATES if isinstance(gate, VerdictGate)}
    found = [row(named[name]) for name in profile.gates]
    assert set(found) == expected
    assert len(found) == len(expected)
    assert profile.needed is None
    assert profile.source


def test_every_verdict_is_of_a_profile_and_has_a_source():
    verdicts = [gate for gate in GATES if isinstance(gate, VerdictGate)]
    assert [gate.name for gate in verdicts] == [n for profile in PROFILES for n in profile.gates]
    for gate in verdicts:
        assert (gate.at_least is None) != (gate.at_most is None)
        assert gate.source
        for word in (gate.against, "OOD" if gate.split == "ood" else None):
            assert word is None or word in gate.summary

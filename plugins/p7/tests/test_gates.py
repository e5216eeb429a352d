"""The numbers of P7's gates and of its ship criteria, typed from docs/methods.md#protocol a second
time."""

from __future__ import annotations

import pytest
from lvmctl_p7.gates import GATES, PROFILES

from lvmctl import VerdictGate

R5, MRR10 = "in_article.filtered.r@5", "in_article.filtered.mrr@10"
SEED = {R5: "in_article.unfiltered.r@5", MRR10: "in_article.unfiltered.mrr@10"}

# (category, split, metric, ">=" or "<=", bound, what else differs from the record's defaults)
METHODS = {
    "p7": [
        ("", "val", "margin.last", ">=", 0.20, {"marginal": 0.10}),
        ("", "val", "cos_next", ">=", 0.45, {"marginal": 0.35}),
        ("", "val", "cos_anchor", ">=", 0.40, {"marginal": 0.05}),
    ],
    "ship": [
        ("", "val", R5, ">=", 0.10, {"against": "direct", "require_interval": True}),
        ("", "val", MRR10, ">=", 0.05, {"against": "direct", "require_interval": True}),
        ("", "val", "latency.ratio", "<=", 1.15, {}),
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

"""The numbers of P6b's gates and the production gate, typed from docs/methods.md#protocol a second
time."""

from __future__ import annotations

import pytest
from lvmctl_p6b.gates import GATES, PROFILES

from lvmctl import VerdictGate

R1, R5 = "in_article.filtered.r@1", "in_article.filtered.r@5"
MRR = "in_article.filtered.mrr"
SEED = {
    "offsets.fair": "offsets.seed",
    R1: "in_article.unfiltered.r@1",
    R5: "in_article.unfiltered.r@5",
    MRR: "in_article.unfiltered.mrr",
}

# (category, split, metric, ">=" or "<=", bound, what else differs from the record's defaults)
METHODS = {
    "p6b": [
        ("A", "val", "offsets.fair", ">=", 0.05, {}),
        ("B", "val", R5, ">=", 0.70, {}),
        ("B", "val", R1, ">=", 0.60, {}),
        ("D", "val", "rollout.mean", ">=", 0.45, {}),
        ("E", "val", "coherence.gap", "<=", 0.05, {}),
        ("C", "val", "ablations.shuffled", "<=", -0.15, {}),
        ("", "ood", R5, ">=", 0.70, {"optional": True}),
        ("", "val", "offsets.fair", ">=", 0.05, {"optional": True}),
    ],
    "strict": [
        ("A", "val", "cos_next", ">=", 0.50, {}),
        ("A", "val", "offsets.fair", ">=", 0.12, {"seed_metric": "offsets.strict"}),
        ("A", "ood", "cos_next", ">=", 0.48, {}),
        ("A", "ood", "offsets.fair", ">=", 0.10, {"seed_metric": "offsets.strict"}),
        ("B", "val", R1, ">=", 0.60, {}),
        ("B", "val", R5, ">=", 0.95, {}),
        ("B", "val", MRR, ">=", 0.80, {}),
        ("B", "ood", R1, ">=", 0.55, {}),
        ("B", "ood", R5, ">=", 0.92, {}),
        ("B", "ood", MRR, ">=", 0.75, {}),
        ("C", "val", "ablations.shuffled", "<=", -0.15, {}),
        ("C", "val", "ablations.reversed", "<=", -0.10, {}),
        ("C", "val", "ablations.leave_one_out", "<=", -0.08, {}),
        ("D", "val", "rollout.mean", ">=", 0.45, {}),
        ("D", "ood", "rollout.mean", ">=", 0.42, {}),
        ("E", "val", "coherence.gap", "<=", 0.05, {}),
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
    assert profile.needed == {"p6b": 3}.get(profile.name)
    assert profile.source


def test_every_verdict_is_of_a_profile_and_has_a_source():
    verdicts = [gate for gate in GATES if isinstance(gate, VerdictGate)]
    assert [gate.name for gate in verdicts] == [n for profile in PROFILES for n in profile.gates]
    for gate in verdicts:
        assert (gate.at_least is None) != (gate.at_most is None)
        assert gate.source
        for word in (gate.against, "OOD" if gate.split == "ood" else None):
            assert word is None or word in gate.summary

"""The profiles' numbers, typed from METHODS §3 a second time."""

from __future__ import annotations

import subprocess
import sys

import pytest

from lvmctl.evaluation.gates.records import GATES
from lvmctl.registry import load_registry
from lvmctl.registry.declare import NAME

R1, R5 = "in_article.filtered.r@1", "in_article.filtered.r@5"
MRR, MRR10 = "in_article.filtered.mrr", "in_article.filtered.mrr@10"
SEED = {
    "offsets.fair": "offsets.seed",
    R1: "in_article.unfiltered.r@1",
    R5: "in_article.unfiltered.r@5",
    MRR: "in_article.unfiltered.mrr",
    MRR10: "in_article.unfiltered.mrr@10",
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
    "p7": [
        ("", "val", "margin.last", ">=", 0.20, {"marginal": 0.10}),
        ("", "val", "cos_next", ">=", 0.45, {"marginal": 0.35}),
        ("", "val", "cos_anchor", ">=", 0.40, {"marginal": 0.05}),
    ],
    "p8": [
        ("", "val", "margin.last", ">=", 0.20, {}),
        ("", "val", R5, ">=", 0.80, {}),
        ("", "val", MRR10, ">=", 0.65, {}),
        ("", "val", "order_accuracy", ">=", 0.75, {}),
    ],
    "ship": [
        ("", "val", R5, ">=", 0.10, {"against": "direct", "certain": True}),
        ("", "val", MRR10, ">=", 0.05, {"against": "direct", "certain": True}),
        ("", "val", "latency.ratio", "<=", 1.15, {}),
    ],
    "fair": [
        ("A", "val", "offsets.fair", ">=", 0.0, {"against": "direct", "certain": True}),
        ("B", "val", R5, ">=", 0.0, {"against": "direct", "certain": True}),
        ("C", "val", "ablations.shuffled", "<=", 0.0, {"against": "wiener", "certain": True}),
        ("D", "val", "rollout.mean", ">=", 0.0, {"against": "wiener", "certain": True}),
        ("E", "val", "coherence.gap", "<=", 0.05, {}),
    ],
}


def row(gate) -> tuple:
    found = {
        name: getattr(gate, name)
        for name in ("against", "certain", "marginal", "optional", "seed_metric")
        if getattr(gate, name)
    }
    if found.get("seed_metric") == SEED.get(gate.metric):
        found.pop("seed_metric", None)
    op, bound = (">=", gate.at_least) if gate.at_most is None else ("<=", gate.at_most)
    return gate.category, gate.split, gate.metric, op, bound, tuple(sorted(found.items()))


@pytest.mark.parametrize("profile", METHODS)
def test_the_gates_of_a_profile_are_those_of_methods(profile):
    expected = {(*fixed, tuple(sorted(rest.items()))) for *fixed, rest in METHODS[profile]}
    found = [row(gate) for gate in GATES if gate.profile == profile]
    assert set(found) == expected
    assert len(found) == len(expected)


def test_no_gate_is_of_another_profile():
    assert {gate.profile for gate in GATES} == set(METHODS)


def test_every_gate_is_a_verdict_with_a_name_of_its_own_and_a_source():
    names = [gate.name for gate in GATES]
    assert len(set(names)) == len(names)
    for gate in GATES:
        assert NAME.fullmatch(gate.name)
        assert gate.role == "verdict"
        assert (gate.at_least is None) != (gate.at_most is None)
        assert gate.source
        assert gate.summary[0].isupper()
        assert gate.summary.endswith(".")
        for word in (gate.against, "OOD" if gate.split == "ood" else None):
            assert word is None or word in gate.summary


def test_core_declares_them_through_the_hook():
    entries = load_registry().entries("gate")
    core = [entry.record for entry in entries if entry.plugin.name == "core"]
    assert core == list(GATES)


def test_the_records_need_neither_torch_nor_numpy():
    code = (
        "import sys, lvmctl.evaluation.gates.records, lvmctl.evaluation.gates.profiles\n"
        "sys.exit(bool({'torch', 'numpy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0

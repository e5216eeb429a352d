"""The fair profile's numbers, written a second time (docs/methods.md#profiles)."""

from __future__ import annotations

import subprocess
import sys

from lvmctl.evaluation.gates.records import GATES, PROFILES
from lvmctl.registry import load_registry
from lvmctl.registry.declare import NAME

R5 = "in_article.filtered.r@5"
SEED = {"offsets.accuracy": "offsets.seed", R5: "in_article.unfiltered.r@5"}

# (category, split, metric, ">=" or "<=", bound, what else differs from the record's defaults)
DOCUMENTED = [
    ("A", "val", "offsets.accuracy", ">=", 0.0, {"against": "direct", "require_interval": True}),
    ("B", "val", R5, ">=", 0.0, {"against": "direct", "require_interval": True}),
    ("C", "val", "ablations.shuffled", "<=", 0.0, {"against": "wiener", "require_interval": True}),
    ("D", "val", "rollout.mean", ">=", 0.0, {"against": "wiener", "require_interval": True}),
    ("E", "val", "coherence.gap", "<=", 0.05, {}),
]


def row(gate) -> tuple:
    details = {
        name: getattr(gate, name)
        for name in ("against", "require_interval", "marginal", "optional", "seed_metric")
        if getattr(gate, name)
    }
    if details.get("seed_metric") == SEED.get(gate.metric):
        details.pop("seed_metric", None)
    op, bound = (">=", gate.at_least) if gate.at_most is None else ("<=", gate.at_most)
    return gate.category, gate.split, gate.metric, op, bound, tuple(sorted(details.items()))


def test_the_gates_of_the_profile_are_those_of_methods():
    (profile,) = PROFILES
    assert (profile.name, profile.needed) == ("fair", None)
    assert profile.gates == tuple(gate.name for gate in GATES)
    assert [row(gate) for gate in GATES] == [
        (*fixed, tuple(sorted(rest.items()))) for *fixed, rest in DOCUMENTED
    ]


def test_every_gate_has_a_name_of_its_own_and_a_source():
    names = [gate.name for gate in GATES]
    assert len(set(names)) == len(names)
    for gate in GATES:
        assert NAME.fullmatch(gate.name)
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

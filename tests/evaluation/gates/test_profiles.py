"""Profiles by name: core's, and those that only a plugin's gates carry."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from lvmctl.core.errors import UsageError
from lvmctl.evaluation.gates.profiles import PROFILES, find_profile
from lvmctl.evaluation.gates.records import GATES
from lvmctl.registry import load_registry
from lvmctl.registry.specs import GateSpec


def gate(name: str, profile: str, role: str = "verdict") -> GateSpec:
    return GateSpec(
        name=name, summary="s", role=role, metric="cos_next", at_least=0.0, profile=profile
    )


def test_p6b_needs_three_and_the_others_all():
    assert {profile.name: profile.needed for profile in PROFILES} == {
        "p6b": 3,
        "strict": None,
        "p7": None,
        "p8": None,
        "ship": None,
        "fair": None,
    }


@pytest.mark.parametrize("name", [profile.name for profile in PROFILES])
def test_a_profile_has_its_gates_in_declared_order(name):
    profile, gates = find_profile(name, GATES)
    assert profile in PROFILES
    assert profile.name == name
    assert gates == [gate for gate in GATES if gate.profile == name] != []
    assert profile.summary
    assert profile.source


def test_entries_of_the_registry_serve_as_well():
    assert find_profile("p8", load_registry().entries("gate")) == find_profile("p8", GATES)


def test_a_plugins_profile_is_found_and_needs_all_its_gates():
    own = [gate("mine-a", "mine"), gate("mine-b", "mine"), gate("stop", "mine", role="kill")]
    profile, gates = find_profile("mine", [*GATES, *(SimpleNamespace(record=g) for g in own)])
    assert (profile.name, profile.needed) == ("mine", None)
    assert gates == own[:2]


def test_a_plugin_may_add_a_gate_to_a_profile_of_core():
    extra = gate("p8-extra", "p8")
    profile, gates = find_profile("p8", [*GATES, extra])
    assert profile in PROFILES
    assert gates[-1] == extra
    assert len(gates) == 5


@pytest.mark.parametrize(
    ("name", "gates", "mend"),
    [
        ("p6", GATES, "did you mean 'p6b'?"),
        ("strickt", (), "did you mean 'strict'?"),
        ("mein", [gate("g", "mine")], "did you mean 'mine'?"),
        ("mine", [gate("g", "mine", role="kill")], "there are p6b, strict, p7, p8, ship, fair"),
    ],
)
def test_an_unknown_profile_suggests_the_nearest(name, gates, mend):
    with pytest.raises(UsageError) as caught:
        find_profile(name, gates)
    assert str(caught.value) == f"there is no profile {name!r}; {mend}"

"""Profiles by name, with the gates that they name."""

from __future__ import annotations

import pytest

from lvmctl.core.errors import PluginError
from lvmctl.evaluation.gates.profiles import find_profile
from lvmctl.evaluation.gates.records import GATES
from lvmctl.registry import load_registry
from lvmctl.registry.declare import Plugin
from lvmctl.registry.find import CORE, Origin
from lvmctl.registry.record import Record
from lvmctl.registry.registry import Registry
from lvmctl.registry.specs import KillRule
from lvmctl.registry.verdict_specs import ProfileSpec, VerdictGate


def gate(name: str) -> VerdictGate:
    return VerdictGate(name=name, summary="s", metric="cos_next", at_least=0.0)


def profile(name: str, *gates: str) -> ProfileSpec:
    return ProfileSpec(name=name, summary="s", gates=gates)


def registry(*records: Record) -> Registry:
    """Core's profile, and a plugin ``mine`` that declares ``records``."""
    core = [e.record for e in load_registry().entries() if e.plugin.name == "core"]
    mine = Plugin(Origin("mine", "lvmctl-mine", "1.0", "mine"), "ok", records=records)
    return Registry([Plugin(CORE, "ok", records=tuple(core)), mine], hook=None)


def test_core_has_the_fair_profile_alone():
    profile, gates = find_profile(registry(), "fair")
    assert (profile.name, profile.needed, gates) == ("fair", None, list(GATES))
    assert registry().names("profile") == ["fair"]


def test_a_profile_has_its_gates_in_its_own_order():
    known = registry(gate("a"), gate("b"), gate("c"), profile("mine", "c", "a"))
    assert [g.name for g in find_profile(known, "mine")[1]] == ["c", "a"]


def test_a_profile_may_ask_for_gates_of_others():
    known = registry(gate("a"), profile("mine", "a", "core/fair-r5"))
    assert [g.name for g in find_profile(known, "mine")[1]] == ["a", "fair-r5"]


def test_a_plugins_own_gate_wins_over_another_of_the_name():
    ours = gate("fair-r5")
    assert find_profile(registry(ours, profile("mine", "fair-r5")), "mine")[1] == [ours]


def test_a_gate_that_judges_nothing_is_refused():
    stop = KillRule(name="stop", summary="s", target="a:b")
    with pytest.raises(PluginError, match="mine/mine asks for mine/stop, which is a kill gate"):
        find_profile(registry(stop, profile("mine", "stop")), "mine")


def test_a_gate_that_is_not_there_is_named():
    with pytest.raises(PluginError, match="no gate 'b'"):
        find_profile(registry(gate("a"), profile("mine", "b")), "mine")


@pytest.mark.parametrize(
    ("name", "hint"), [("mein", "did you mean 'mine'?"), ("other", "there are fair, mine")]
)
def test_an_unknown_profile_suggests_the_nearest(name, hint):
    with pytest.raises(PluginError) as caught:
        find_profile(registry(gate("a"), profile("mine", "a")), name)
    assert str(caught.value).startswith(f"no profile {name!r}; {hint}")
    assert caught.value.exit_code == 2

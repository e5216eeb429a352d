"""Verdict gates of a plugin: checked when declared, found by their profile."""

from __future__ import annotations

import pytest

from lvmctl.evaluation.gates.profiles import find_profile
from lvmctl.registry.find import find
from lvmctl.registry.registry import build

HEADER = "from lvmctl.plugins import *\nLVMCTL_API = 1\n@hookimpl\ndef lvmctl_gates():\n"
SOUND = {"role": "verdict", "metric": "cos_next", "profile": "mine", "at_least": 0.5}


@pytest.fixture
def declared(install, site, monkeypatch):
    """Declares a plugin with gates of these fields and gives the plugin and the registry."""
    monkeypatch.syspath_prepend(str(site))

    def make(*gates: dict):
        records = ", ".join(
            f"GateSpec(name='g{number}', summary='s', **{fields!r})"
            for number, fields in enumerate(gates)
        )
        text = f"{HEADER}    return [{records}]\n"
        install("lvmctl-a", {"a": "a_pkg.plugin"}, {"a_pkg/plugin.py": text})
        registry = build([found for found in find() if found.distribution == "lvmctl-a"], {})
        return registry.plugins[-1], registry

    return make


def without(*names: str) -> dict:
    return {name: value for name, value in SOUND.items() if name not in names}


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        (without("metric"), "verdict g0 needs a metric and a profile"),
        (without("profile"), "verdict g0 needs a metric and a profile"),
        (without("at_least"), "verdict g0 needs at_least or at_most, one of them"),
        (SOUND | {"at_most": 0.6}, "verdict g0 needs at_least or at_most, one of them"),
        (SOUND | {"at_least": 0.0, "at_most": 0.0}, "needs at_least or at_most, one of them"),
        (SOUND | {"role": "kill"}, "target '' of g0 is not 'module:Attribute'"),
        (SOUND | {"role": "sample"}, "target '' of g0 is not 'module:Attribute'"),
        (SOUND | {"target": "nowhere"}, "target 'nowhere' of g0 is not 'module:Attribute'"),
    ],
)
def test_a_verdict_that_cannot_be_judged_is_refused(declared, fields, reason):
    plugin, registry = declared(fields)
    assert plugin.status == "broken"
    assert plugin.error.startswith("lvmctl_gates: ")
    assert f"{reason} (" in plugin.error  # its file and line follow
    assert "p8-r5" in registry.names("gate")  # core's are there all the same


@pytest.mark.parametrize(
    "fields", [SOUND, without("at_least") | {"at_most": 0.0}, SOUND | {"at_least": 0.0}]
)
def test_a_sound_verdict_needs_no_target(declared, fields):
    plugin, registry = declared(fields)
    assert (plugin.status, plugin.error) == ("ok", None)
    assert registry.get("gate", "a/g0").record in plugin.records


def test_gates_of_a_plugin_make_a_profile_and_add_to_one_of_core(declared):
    _, registry = declared(SOUND, SOUND | {"profile": "p8"})
    entries = registry.entries("gate")
    profile, gates = find_profile("mine", entries)
    assert (profile.name, [gate.name for gate in gates]) == ("mine", ["g0"])
    assert [gate.name for gate in find_profile("p8", entries)[1]][-2:] == ["p8-order", "g1"]

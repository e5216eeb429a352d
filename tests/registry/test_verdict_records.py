"""Verdict gates and profiles of a plugin, checked when they are declared."""

from __future__ import annotations

import pytest

from lvmctl.registry.find import find
from lvmctl.registry.registry import build

HEADER = """from lvmctl import (
    Curriculum,
    KillRule,
    MetricSpec,
    ProfileSpec,
    SampleWeight,
    VerdictGate,
    hookimpl,
)
@hookimpl
def lvmctl_gates():
"""
SOUND = {"metric": "cos_next", "at_least": 0.5}


@pytest.fixture
def declared(install, site, monkeypatch):
    """Declares a plugin with gates of these fields and more; gives it and the registry."""
    monkeypatch.syspath_prepend(str(site))

    def make(*gates: dict, more: str = ""):
        records = ", ".join(
            f"VerdictGate(name='g{number}', summary='s', **{fields!r})"
            for number, fields in enumerate(gates)
        )
        text = f"{HEADER}    return [{records}]\n{more}"
        install("lvmctl-a", {"a": "a_pkg.plugin"}, {"a_pkg/plugin.py": text})
        registry = build([origin for origin in find() if origin.distribution == "lvmctl-a"], {})
        return registry.plugins[-1], registry

    return make


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        (SOUND | {"metric": ""}, "verdict g0 needs a metric"),
        ({"metric": "cos_next"}, "verdict g0 needs either at_least or at_most"),
        (SOUND | {"at_most": 0.6}, "verdict g0 needs either at_least or at_most"),
        (SOUND | {"at_least": 0.0, "at_most": 0.0}, "needs either at_least or at_most"),
    ],
)
def test_a_verdict_that_cannot_be_judged_is_refused(declared, fields, reason):
    plugin, registry = declared(fields)
    assert plugin.status == "broken"
    assert plugin.error.startswith("lvmctl_gates: ")
    assert f"{reason} (" in plugin.error  # its file and line follow
    assert "fair-r5" in registry.names("gate")  # core's are there all the same


@pytest.mark.parametrize(
    "fields", [SOUND, {"metric": "cos_next", "at_most": 0.0}, SOUND | {"at_least": 0.0}]
)
def test_a_sound_verdict_is_taken(declared, fields):
    plugin, registry = declared(fields)
    assert (plugin.status, plugin.error) == ("ok", None)
    assert registry.get("gate", "a/g0").record in plugin.records


PROFILES = """
@hookimpl
def lvmctl_profiles():
    return [ProfileSpec(name="mine", summary="s", gates={gates})]
"""


@pytest.mark.parametrize(
    ("gates", "reason"),
    [
        ("()", "gates of profile mine are not a tuple of names"),
        ("('g0')", "gates of profile mine are not a tuple of names"),
        ("(VerdictGate(name='g', summary='s', metric='x', at_least=0),)", "not a tuple of names"),
        ("('g0', 'g0')", "profile mine names a gate twice"),
    ],
)
def test_a_profile_that_names_no_gates_is_refused(declared, gates, reason):
    plugin, _ = declared(SOUND, more=PROFILES.format(gates=gates))
    assert plugin.status == "broken"
    assert plugin.error.startswith("lvmctl_profiles: ")
    assert f"{reason} (" in plugin.error  # its file and line follow


def test_records_of_another_hook_are_refused(declared):
    plugin, _ = declared(more=PROFILES.format(gates="('g',)").replace("profiles", "gates"))
    assert plugin.error.startswith(
        "lvmctl_gates returned a ProfileSpec among its records, not a VerdictGate, KillRule, "
        "SampleWeight or Curriculum"
    )


METRICS = """
@hookimpl
def lvmctl_metrics():
    return [MetricSpec(name="told", summary="s", {fields})]
"""


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ("low=1.0, high=1.0", "metric told lies between 1.0 and 1.0"),
        ("ceiling='top'", "metric told needs a ceiling and a target, or neither"),
        ("target='a:b'", "metric told needs a ceiling and a target, or neither"),
        ("ceiling='top', target='a'", "target 'a' of told is not 'module:Attribute'"),
    ],
)
def test_a_metric_that_says_nothing_sound_is_refused(declared, fields, reason):
    plugin, _ = declared(SOUND, more=METRICS.format(fields=fields))
    assert plugin.status == "broken"
    assert f"{reason} (" in plugin.error

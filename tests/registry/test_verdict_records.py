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


PROFILE = "    return [ProfileSpec(name='mine', summary='s', gates={})]"
METRIC = "    return [MetricSpec(name='told', summary='s', {})]"


def hook(name: str, body: str) -> str:
    return f"@hookimpl\ndef {name}():\n{body}\n"


def profile(gates: str) -> str:
    return hook("lvmctl_profiles", PROFILE.format(gates))


def metric(fields: str) -> str:
    return hook("lvmctl_metrics", METRIC.format(fields))


@pytest.mark.parametrize(
    ("fields", "more", "reason"),
    [
        (SOUND | {"metric": ""}, "", "gates: verdict g0 needs a metric"),
        ({"metric": "cos_next"}, "", "gates: verdict g0 needs either at_least or at_most"),
        (SOUND | {"at_most": 0.6}, "", "gates: verdict g0 needs either at_least or at_most"),
        (SOUND | {"at_least": 0.0, "at_most": 0.0}, "", "needs either at_least or at_most"),
        (SOUND, profile("()"), "profiles: gates of profile mine are not a tuple of names"),
        (SOUND, profile("('g0')"), "profiles: gates of profile mine are not a tuple of names"),
        (
            SOUND,
            profile("(VerdictGate(name='g', summary='s', metric='x', at_least=0),)"),
            "not a tuple of names",
        ),
        (SOUND, profile("('g0', 'g0')"), "profiles: profile mine names a gate twice"),
        (SOUND, metric("low=1.0, high=1.0"), "metric told lies between 1.0 and 1.0"),
        (SOUND, metric("ceiling='top'"), "metric told needs a ceiling and a target, or neither"),
        (SOUND, metric("target='a:b'"), "metric told needs a ceiling and a target, or neither"),
        (
            SOUND,
            metric("ceiling='top', target='a'"),
            "metrics: target 'a' of told is not 'module:Attribute'",
        ),
    ],
)
def test_a_record_that_says_nothing_sound_is_refused(declared, fields, more, reason):
    plugin, registry = declared(fields, more=more)
    assert plugin.status == "broken"
    assert plugin.error.startswith("lvmctl_")
    assert f"{reason} (" in plugin.error  # its file and line follow
    assert "fair-r5" in registry.names("gate")  # core's are there all the same


@pytest.mark.parametrize(
    "fields", [SOUND, {"metric": "cos_next", "at_most": 0.0}, SOUND | {"at_least": 0.0}]
)
def test_a_sound_verdict_is_taken(declared, fields):
    plugin, registry = declared(fields)
    assert (plugin.status, plugin.error) == ("ok", None)
    assert registry.get("gate", "a/g0").record in plugin.records


def test_records_of_another_hook_are_refused(declared):
    plugin, _ = declared(more=hook("lvmctl_gates", PROFILE.format("('g',)")))
    assert plugin.error.startswith(
        "lvmctl_gates returned a ProfileSpec among its records, not a VerdictGate, KillRule, "
        "SampleWeight or Curriculum"
    )

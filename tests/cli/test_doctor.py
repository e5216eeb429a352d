"""``lvmctl doctor``."""

from __future__ import annotations

import json

import pytest


@pytest.fixture
def checks():
    """The verdicts by check name."""
    return lambda shown: {check["name"]: check for check in json.loads(shown)["checks"]}


def test_a_whole_installation(run_cli, checks):
    result = run_cli("doctor", "--json")
    assert result.returncode == 0, result.stdout
    found = checks(result.stdout)
    assert {"python", "packages", "cpu", "devices", "plugins", "cache", "runs"} <= set(found)
    assert "torch 2." in found["packages"]["detail"]
    assert "p8 (lvmctl-p8" in found["plugins"]["detail"]
    assert "nothing is broken" in run_cli("doctor").stdout


def test_a_broken_plugin_is_reported(run_cli, install, checks):
    site = install("lvmctl-bad", {"bad": "bad_pkg"}, {"bad_pkg.py": "raise OSError('gone')"})
    result = run_cli("doctor", "--json", path=[site])
    assert result.returncode == 1
    assert "OSError: gone" in checks(result.stdout)["plugins"]["detail"]
    assert json.loads(result.stdout)["verdict"] == "broken: plugins"

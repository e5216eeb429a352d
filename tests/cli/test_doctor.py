"""``lvmctl doctor``."""

from __future__ import annotations

import json

import pytest
from report.saved import write_run

from lvmctl.core.temporary import temporary


@pytest.fixture
def checks():
    """The verdicts by check name."""
    return lambda shown: {check["name"]: check for check in json.loads(shown)["checks"]}


def test_a_whole_installation(run_cli, checks):
    result = run_cli("doctor", "--json")
    assert result.returncode == 0, result.stdout
    by_name = checks(result.stdout)
    assert {"python", "packages", "cpu", "devices", "plugins", "cache", "runs"} <= set(by_name)
    assert "torch 2." in by_name["packages"]["detail"]
    assert "p8 (lvmctl-p8" in by_name["plugins"]["detail"]
    assert by_name["encoders"]["detail"].startswith("lsa")
    assert "nothing is broken" in run_cli("doctor").stdout


def test_what_killed_commands_left_is_removed(run_cli, checks, tmp_path):
    checkpoints = tmp_path / "runs" / "a" / "checkpoints"
    checkpoints.mkdir(parents=True)
    names = [f".lvmctl-{digit * 16}" for digit in "012"]
    (checkpoints / names[0]).write_text("half")
    (tmp_path / names[1]).mkdir()
    with temporary(tmp_path / "runs") as held:
        (tmp_path / ".lvmctl-notes").write_text("years")
        check = checks(run_cli("doctor", "--json").stdout)["leftovers"]
        assert held.exists()
    assert check["verdict"] == "note"
    assert names[0] in check["detail"]
    assert names[1] in check["detail"]
    assert list(checkpoints.iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == [".lvmctl-notes", "runs"]
    assert checks(run_cli("doctor", "--json").stdout)["leftovers"]["verdict"] == "ok"


def test_a_broken_run_is_named(run_cli, checks, tmp_path):
    write_run(tmp_path / "runs" / "whole")
    write_run(tmp_path / "runs" / "bad")
    (tmp_path / "runs/bad/config.json").write_text("{}")
    result = run_cli("doctor", "--json")
    check = checks(result.stdout)["runs"]
    assert (result.returncode, check["verdict"]) == (1, "broken")
    assert "bad: " in check["detail"]
    assert "lvmctl verify" in check["detail"]
    assert "whole" not in check["detail"]


def test_encoders_whose_libraries_are_absent_come_with_what_installs_them(run_cli, install, checks):
    plugin = """
from lvmctl import EncoderSpec, hookimpl

@hookimpl
def lvmctl_encoders():
    return [
        EncoderSpec(name=name, summary="S.", target="x:Y", needs=(need,), install=install)
        for name, need, install in (("near", "json", ""), ("far", "no_such", "far[all]"))
    ]
"""
    site = install("lvmctl-far", {"far": "far_pkg"}, {"far_pkg.py": plugin})
    result = run_cli("doctor", "--json", path=[site])
    assert result.returncode == 0
    working, *others = checks(result.stdout)["encoders"]["detail"].split("; ")
    assert "near" in working
    assert working.endswith(" work here")
    assert "far" not in working
    assert "far: pip install 'far[all]'" in others
    decoders = checks(result.stdout)["decoders"]["detail"]
    assert ("works here" in decoders) == ("," not in decoders.split(";")[0])
    refused = run_cli("data", "embed", ".", "--out", "s", "--encoder", "far", path=[site])
    assert refused.returncode == 2
    assert "needs no_such, which is not here; pip install 'far[all]'" in refused.stderr


def test_a_broken_plugin_is_reported(run_cli, install, checks):
    site = install("lvmctl-bad", {"bad": "bad_pkg"}, {"bad_pkg.py": "raise OSError('gone')"})
    result = run_cli("doctor", "--json", path=[site])
    assert result.returncode == 1
    assert "OSError: gone" in checks(result.stdout)["plugins"]["detail"]
    assert json.loads(result.stdout)["verdict"] == "broken: plugins"

"""The commands that plugins add, as ``lvmctl --help`` lists them."""

from __future__ import annotations

import pytest

PLUGIN = """
from lvmctl import CommandSpec, hookimpl

@hookimpl
def lvmctl_commands():
    return [CommandSpec(name="hello", summary="Says hello.", target="hello_pkg.command:hello")]
"""
OTHER = "raise SystemExit('no command, so not imported')\n"
BROKEN = "lvmctl_commands = None\nraise ValueError('broken')\n"


@pytest.fixture
def installed(install, site):
    install("lvmctl-hello", {"hello": "hello_pkg.plugin"}, {"hello_pkg/plugin.py": PLUGIN})
    install("lvmctl-other", {"other": "other_pkg.plugin"}, {"other_pkg/plugin.py": OTHER})
    install("lvmctl-broken", {"broken": "broken_pkg.plugin"}, {"broken_pkg/plugin.py": BROKEN})
    install("lvmctl-absent", {"absent": "absent_pkg.plugin"}, {})
    return site


def test_they_stand_in_the_help(run_cli, installed):
    for words in ((), ("--help",)):
        shown = run_cli(*words, path=[installed])
        lines = (shown.stdout + shown.stderr).splitlines()
        assert ["hello", "Says", "hello."] in [line.split() for line in lines]
        assert "Traceback" not in shown.stderr


@pytest.mark.parametrize(
    ("words", "env"),
    [(("--no-plugins",), {}), ((), {"LVMCTL_DISABLE_PLUGINS": "lvmctl-hello"})],
)
def test_those_that_are_turned_off_do_not(run_cli, installed, words, env):
    shown = run_cli(*words, "--help", path=[installed], env=env)
    assert "Says hello." not in shown.stdout
    assert "train" in shown.stdout

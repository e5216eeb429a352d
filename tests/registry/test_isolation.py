"""Every way a plugin can be wrong costs that plugin alone. Each is a distribution on disk."""

from __future__ import annotations

import json

import pytest
from registry.rogues import GOOD, HEADER


def hook(body: str, name: str = "lvmctl_losses") -> str:
    return f"{HEADER}@hookimpl\ndef {name}():\n    {body}\n"


def losses(name: str = "a", target: str = "m:M", more: str = "") -> str:
    return f"[LossSpec(name={name!r}, summary='s', target={target!r}{more})]"


FAULTS = {
    "raises at import": (
        "raise RuntimeError('no licence\\nfile')",
        "RuntimeError: no licence file",
    ),
    "syntax error": ("def (:", "SyntaxError"),
    "exits at import": ("import sys; sys.exit(3)", "SystemExit: 3"),
    "imports what is missing": ("import surely_not_installed", "surely_not_installed"),
    "wrong API": ("LVMCTL_API = 99", "written for plugin API 99, this lvmctl has 2"),
    "API is no number": ("LVMCTL_API = True", "written for plugin API True, this lvmctl has 2"),
    "the first API": ("LVMCTL_API = 1", "has 2: docs/plugins/versions.md says what changed"),
    "unknown hook": (
        hook("return []", "lvmctl_loss"),
        "unknown hook lvmctl_loss; did you mean lvmctl_losses?",
    ),
    "unmarked hook": (
        HEADER + "def lvmctl_losses():\n    return []\n",
        "not marked with @hookimpl",
    ),
    "hook with arguments": (
        HEADER + "@hookimpl\ndef lvmctl_losses(config):\n    return []\n",
        "config",
    ),
    "hook raises": (hook("raise ValueError('no')"), "ValueError: no"),
    "hook exits": (hook("raise SystemExit(1)"), "SystemExit: 1"),
    "hook returns nothing": (hook("pass"), "lvmctl_losses returned nothing"),
    "hook returns text": (hook("return 'mse'"), "returned a str"),
    "hook returns strangers": (hook("return [1]"), "returned a int among its records"),
    "another kind of record": (
        hook("return [ModelSpec(name='m', summary='s', target='m:M')]"),
        "returned a ModelSpec among its records, not a LossSpec",
    ),
    "hook returns no end of records": (
        "import itertools\n"
        + hook(
            "for n in itertools.count():\n"
            "        yield LossSpec(name=f'a{n}', summary='s', target='m:M')"
        ),
        "lvmctl_losses returned more than 10000 records",
    ),
    "bad name": (hook(f"return {losses(name='A b')}"), "'A b' is not a name"),
    "bad target": (hook(f"return {losses(target='m')}"), "not 'module:Attribute'"),
    "same name twice": (hook(f"return {losses()} * 2"), "declares 'a' twice"),
    "options not frozen": (
        "import dataclasses\n@dataclasses.dataclass\nclass O:\n    x: int = 1\n"
        + hook(f"return {losses(more=', options=O')}"),
        "not a frozen dataclass",
    ),
    "prints at import": ("print('noise')\nraise OSError('gone')", "OSError: gone"),
}


@pytest.fixture
def good(install):
    return install(GOOD.name, GOOD.plugins, GOOD.files)


@pytest.fixture
def broken(install):
    """A plugin that cannot be imported."""
    return install("lvmctl-bad", {"bad": "bad_pkg"}, {"bad_pkg.py": "raise OSError('gone')"}, "2.0")


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_costs_only_its_plugin(fault, good, install, run_cli):
    text, reason = FAULTS[fault]
    site = install("lvmctl-bad", {"bad": "bad_pkg.plugin"}, {"bad_pkg/plugin.py": text}, "2.0")

    listed = run_cli("plugins", "list", "--json", path=[site])
    assert listed.returncode == 0, listed.stderr
    states = {state["name"]: state for state in json.loads(listed.stdout)["plugins"]}
    assert states["good"]["status"] == states["core"]["status"] == "ok"
    assert states["bad"]["status"] == "broken"
    assert reason in states["bad"]["error"]
    assert "\n" not in states["bad"]["error"]

    assert run_cli("hello", path=[site]).stdout == "hello from good\n"


@pytest.mark.parametrize("place", ["import", "hook"])
def test_what_a_plugin_prints_spoils_no_data(place, install, run_cli):
    text = hook("print('noise')\n    return []")
    text = text if place == "hook" else "print('noise')\n" + hook("return []")
    site = install("lvmctl-loud", {"loud": "loud_pkg"}, {"loud_pkg.py": text})
    listed = run_cli("plugins", "list", "--json", path=[site])
    states = {state["name"]: state["status"] for state in json.loads(listed.stdout)["plugins"]}
    assert states["loud"] == "ok"
    assert listed.stderr == "noise\n"


def test_help_imports_no_plugin(good, install, run_cli):
    site = install("lvmctl-bad", {"bad": "bad_pkg"}, {"bad_pkg.py": "raise SystemExit(9)"})
    for option in ("--help", "--version"):
        result = run_cli(option, path=[site])
        assert (result.returncode, result.stderr) == (0, "")


def test_listing_shows_why_and_verbose_shows_where(broken, run_cli):
    shown = run_cli("plugins", "list", path=[broken]).stdout
    (block,) = [block for block in shown.split("\n\n") if block.startswith("lvmctl-bad 2.0, API -")]
    assert "broken: OSError: gone" in block
    verbose = run_cli("plugins", "list", "-v", path=[broken]).stdout
    assert "Traceback" in verbose
    assert "bad_pkg.py" in verbose


def test_using_a_broken_plugin_says_why(broken, run_cli):
    result = run_cli("plugins", "describe", "bad/thing", "--kind", "loss", path=[broken])
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith("error: ")
    assert "bad (lvmctl-bad 2.0) is broken: OSError: gone" in result.stderr


def test_strict_stops_at_a_broken_plugin(broken, run_cli):
    result = run_cli("--strict-plugins", "plugins", "list", path=[broken])
    assert result.returncode == 2
    assert "bad (lvmctl-bad 2.0) is broken: OSError: gone" in result.stderr


@pytest.mark.parametrize("how", ["flag", "variable", "file", "distribution"])
def test_a_disabled_plugin_is_never_imported(how, good, install, run_cli, tmp_path):
    mark = tmp_path / "imported"
    text = f"open({str(mark)!r}, 'w').close()\nraise SystemExit(1)"
    site = install("lvmctl-bad", {"bad": "bad_pkg"}, {"bad_pkg.py": text})
    options = ["--no-plugins"] if how == "flag" else []
    names = {"variable": "other, bad", "distribution": "lvmctl-bad"}
    env = {"LVMCTL_DISABLE_PLUGINS": names[how]} if how in names else {}
    if how == "file":
        (tmp_path / "experiments.toml").write_text('[plugins]\ndisable = ["bad"]\n')
    result = run_cli(*options, "plugins", "list", "--json", path=[site], env=env)
    assert result.returncode == 0, result.stderr
    says_hello = run_cli(*options, "hello", path=[site], env=env).returncode == 0
    assert says_hello == (how != "flag")
    assert not mark.exists()
    states = {state["name"]: state for state in json.loads(result.stdout)["plugins"]}
    if how == "flag":
        assert list(states) == ["core"]
    else:
        assert states["bad"]["status"] == "disabled"
        assert states["good"]["status"] == "ok"


@pytest.mark.parametrize("points", [b"[lvmctl]\nno equals\n", b"[lvmctl]\n\xff = \xfe\n"])
def test_damaged_metadata_costs_only_itself(points, good, install, run_cli):
    site = install("lvmctl-bad", {}, {})
    (site / "lvmctl_bad-1.0.dist-info" / "entry_points.txt").write_bytes(points)
    assert run_cli("hello", path=[site]).stdout == "hello from good\n"

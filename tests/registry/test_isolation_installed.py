"""Whatever is wrong with some distributions, the others work. All are wheels, installed by pip."""

from __future__ import annotations

import json
from itertools import combinations

import pytest
from registry.distributions import forget, install, unpack
from registry.rogues import BROKEN, GOOD, ROGUES, plugin, takes
from training.small import DATA, TINY

from lvmctl.plan import make_plan
from lvmctl.registry import load_registry
from lvmctl.registry.find import find
from lvmctl.registry.registry import build

SMALL = [word for key, value in TINY.items() for word in ("--set", f"{key}={value}")]


@pytest.fixture(scope="module")
def rogues(tmp_path_factory):
    """A site with all rogues and one sound plugin."""
    return install(tmp_path_factory.mktemp("installed") / "site", GOOD, *ROGUES)


@pytest.fixture
def imports(monkeypatch):
    """``imports(site)`` adds a place to import from; what came from there is forgotten again."""
    yield lambda site: monkeypatch.syspath_prepend(str(site))
    forget()


def test_listing_says_what_is_wrong_with_each_and_another_plugins_command_runs(rogues, run_cli):
    result = run_cli("plugins", "list", "--json", path=[rogues])
    assert (result.returncode, result.stderr) == (0, "")
    states = {state["name"]: state for state in json.loads(result.stdout)["plugins"]}
    for name, reason in BROKEN.items():
        assert states[name]["status"] == "broken"
        assert reason in states[name]["error"]
    for name in ("core", "p8", "good", "twin", "bomb"):
        assert states[name]["status"] == "ok"
    assert run_cli("hello", path=[rogues]).stdout == "hello from good\n"


def test_another_plugin_trains(rogues, run_cli, tmp_path):
    words = ["train", "--plugin", "p8/p8", "--data", DATA, "--epochs", "1", "--out", "run"]
    result = run_cli(*words, *SMALL, path=[rogues])
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "run" / "best_model.pt").is_file()


def test_every_pair_costs_nobody_else(tmp_path, imports):
    site = unpack(tmp_path / "site", GOOD, *ROGUES)
    imports(site)
    by_name = {origin.name: origin for origin in find()}
    others = [by_name["good"], by_name["p8"]]
    for pair in combinations(ROGUES, 2):
        names = [next(iter(distribution.plugins)) for distribution in pair]
        registry = build([*others, *(by_name[name] for name in names)], {})
        states = {plugin.name: plugin.status for plugin in registry.plugins}
        expected = {name: "broken" if name in BROKEN else "ok" for name in names}
        assert states == {"core": "ok", "good": "ok", "p8": "ok"} | expected
        assert make_plan(registry, "p8/p8").model.entry.qualified == "p8/mixture"


def test_a_plugin_that_takes_every_name_breaks_no_recipe(tmp_path, imports):
    entries, taken = load_registry().entries(), {}
    for entry in entries:
        taken.setdefault(type(entry.record).__name__, []).append(entry.name)
    site = unpack(tmp_path / "site", plugin("thief", takes(taken)))
    imports(site)
    registry = build(find(), {})
    assert all(registry.contested(entry) for entry in registry.entries())
    recipes = [entry for entry in entries if entry.kind == "recipe"]
    assert recipes
    for entry in recipes:
        parts = make_plan(registry, entry.qualified).parts
        assert "thief" not in {part.entry.plugin.name for part in parts}

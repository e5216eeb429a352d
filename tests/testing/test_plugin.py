"""Each rule for a plugin as a whole is broken by a distribution that is wrong in that alone."""

from __future__ import annotations

import re
import sys
from dataclasses import replace

import pytest
from registry.distributions import Distribution, forget, unpack
from testing.judged import failures

import lvmctl
from lvmctl.registry import Plugin, Registry
from lvmctl.registry.find import Origin, find
from lvmctl.registry.registry import build
from lvmctl.testing.check import Subject
from lvmctl.testing.checks import plugin as plugin_checks
from lvmctl.testing.conformance import Case, Outcome, checks
from lvmctl.testing.public import private_imports, sources

SOUND = """
from dataclasses import dataclass
from lvmctl import LossSpec, hookimpl, option


@dataclass(frozen=True)
class Options:
    power: float = option(1.0, "exponent", low=0.5, high=2.0)

@hookimpl
def lvmctl_losses():
    return [LossSpec(name="angle", summary="An angle.", target="mine_pkg.loss:Angle",
                     options=Options)]
"""
LOSS = "import torch\nfrom lvmctl import LossOutput\nclass Angle(torch.nn.Module): pass\n"
RANGE = ("lvmctl>=0.1,<0.2",)


def mine(text: str = SOUND, requires=RANGE, **modules: str) -> Distribution:
    files = {"mine_pkg/__init__.py": "", "mine_pkg/plugin.py": text, "mine_pkg/loss.py": LOSS}
    files |= {f"mine_pkg/{name}.py": content for name, content in modules.items()}
    return Distribution("lvmctl-mine", files, {"mine": "mine_pkg.plugin"}, requires=requires)


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """``installed(*distributions)``: the registry of core and of these."""

    def make(*distributions: Distribution) -> Registry:
        site = unpack(tmp_path / "site", *distributions)
        monkeypatch.syspath_prepend(str(site))
        names = {distribution.name for distribution in distributions}
        return build([origin for origin in find() if origin.distribution in names], {})

    yield make
    forget()


def judged(registry: Registry, name: str = "mine") -> dict[str, Outcome]:
    """How each check of the plugin ends."""
    plugin = next(plugin for plugin in registry.plugins if plugin.origin.known_as(name))
    assert plugin.status == "ok", plugin.error
    subject = Subject(registry, plugin)
    return {check.name: Case(check, subject).outcome() for check in checks("plugin")}


def test_a_sound_plugin_passes(installed):
    outcomes = judged(installed(mine()))
    assert failures(outcomes) == {}
    skipped = [name for name, outcome in outcomes.items() if outcome.status == "skip"]
    assert skipped == ["works_with_the_previous_minor"]
    assert outcomes["light_to_import"].why.endswith(" ms")
    assert outcomes["requires_lvmctl"].why == "lvmctl <0.2,>=0.1"


COUNTING = "calls = []\n" + SOUND.replace("    return [", "    calls.append(1)\n    return [")
NEW_CLASS = SOUND.replace(
    "    return [",
    "    @dataclass(frozen=True)\n    class Options:\n        pass\n    return [",
)
BROKEN = {
    "numpy": (
        "light_to_import",
        "import numpy\n" + SOUND,
        r"importing mine_pkg\.plugin loads numpy; import it in the module that a target names",
    ),
    "process": (
        "declares_the_same_every_time",
        "import os\n" + SOUND.replace('"angle"', 'f"angle-{os.getpid()}"'),
        r"other records in another process: LossSpec\(name='angle-\d+'",
    ),
    "call": (
        "declares_the_same_every_time",
        COUNTING.replace('"angle"', 'f"angle-{len(calls)}"'),
        r"other records the second time: LossSpec\(name='angle-1'",
    ),
    "class": (
        "declares_the_same_every_time",
        NEW_CLASS,
        "other options classes the second time; define them once",
    ),
    "stdout": (
        "declares_without_side_effects",
        SOUND.replace("    return [", "    print('hello')\n    return ["),
        r"it prints 'hello\\nhello' on stdout",
    ),
    "environment": (
        "declares_without_side_effects",
        "import os\nos.environ['MINE_ONLY'] = '1'\n" + SOUND,
        "it changes MINE_ONLY$",
    ),
    "directory": (
        "declares_without_side_effects",
        "import os\nos.chdir('/')\n" + SOUND,
        "it changes the working directory",
    ),
    "name": (
        "names_are_free",
        SOUND.replace('"angle"', '"mse"'),
        r"loss mse of lvmctl 0\.\d+\.\d+; rename it",
    ),
    "import": (
        "imports_public_modules_only",
        SOUND + "from lvmctl import cli\n",
        r"mine_pkg/plugin\.py:14 imports lvmctl\.cli; docs/plugins/README\.md lists",
    ),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_one_rule_alone_catches_a_fault(fault, installed, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MINE_ONLY", "before")  # what the plugin does here is undone
    monkeypatch.delenv("MINE_ONLY")
    name, text, why = BROKEN[fault]
    failed = failures(judged(installed(mine(text))))
    assert failed.keys() == {name}
    assert re.search(why, failed[name]), failed[name]


@pytest.mark.parametrize(
    ("requires", "why"),
    [
        ((), 'does not require lvmctl; write dependencies = ["lvmctl>=0.1,<0.2"]'),
        (("numpy",), "does not require lvmctl"),
        (("lvmctl>=0.1; python_version < '3'",), "does not require lvmctl"),
        (("lvmctl>=0.2",), "it requires lvmctl >=0.2, this is 0.1.0"),
    ],
)
def test_a_distribution_requires_this_lvmctl(requires, why, installed, monkeypatch):
    monkeypatch.setattr(lvmctl, "__version__", "0.1.0")
    failed = failures(judged(installed(mine(requires=requires))))
    assert why in failed["requires_lvmctl"]


@pytest.mark.parametrize("requires", [("lvmctl",), ("LVMCTL>=0.1.0rc1", "numpy"), RANGE])
def test_requirements_are_read_as_they_are_written(requires, installed, monkeypatch):
    monkeypatch.setattr(lvmctl, "__version__", "0.1.1.dev1")
    assert failures(judged(installed(mine(requires=requires)))) == {}


@pytest.mark.parametrize(
    ("running", "requires", "status"),
    [
        ("0.3.1", "lvmctl>=0.3", "fail"),
        ("0.3.1", "lvmctl>=0.2.4,<0.4", "pass"),
        ("0.3.1", "lvmctl>=0.1", "pass"),
        ("0.3.1", "lvmctl!=0.2.*", "fail"),
        ("0.1.9", "lvmctl>=0.1", "skip"),
        ("1.0.0", "lvmctl>=1.0", "skip"),
        ("1.1.0", "lvmctl>=1.1", "fail"),
    ],
)
def test_the_previous_minor_version_is_admitted_too(
    running, requires, status, installed, monkeypatch
):
    monkeypatch.setattr(lvmctl, "__version__", running)
    outcomes = judged(installed(mine(requires=(requires,))))
    assert outcomes["works_with_the_previous_minor"].status == status
    assert outcomes["requires_lvmctl"].status == "pass"


def test_two_plugins_that_contest_a_name_hear_of_each_other(installed):
    files = {"other_pkg.py": SOUND.replace("mine_pkg", "other_pkg")}
    other = Distribution("lvmctl-other", files, {"mine": "other_pkg"}, "2.0", RANGE)
    registry = installed(mine(), other)
    for name, owner in (("lvmctl-mine", "lvmctl-other 2.0"), ("lvmctl-other", "lvmctl-mine 1.0")):
        failed = failures(judged(registry, name))
        assert failed == {"names_are_free": f"{owner} has a plugin mine too"}


def test_another_api_is_refused(installed):
    registry = installed(mine())
    plugin = replace(registry.plugins[-1], api=0)
    outcome = Case(plugin_checks.api_is_current, Subject(registry, plugin)).outcome()
    assert (outcome.status, outcome.why) == ("fail", "LVMCTL_API is 0, this lvmctl has 2")


def test_a_declaration_that_needs_what_was_imported_before_fails(installed, monkeypatch):
    monkeypatch.setattr(sys, "mine_was_here", True, raising=False)
    failed = failures(judged(installed(mine("import sys\nsys.mine_was_here\n" + SOUND))))
    assert (
        "importing mine_pkg.plugin in a new process fails: AttributeError"
        in failed["light_to_import"]
    )


def test_a_file_of_its_own_has_no_distribution(tmp_path):
    origin = Origin("angle", str(tmp_path / "angle.py"), "unpackaged", "json")
    plugin = Plugin(origin, "ok", 1)
    registry = Registry([plugin], None)
    outcomes = judged(registry, "angle")
    skipped = {name for name, outcome in outcomes.items() if outcome.status == "skip"}
    assert skipped == set(outcomes) - {
        "api_is_current",
        "names_are_free",
        "imports_public_modules_only",
    }


@pytest.mark.parametrize(
    ("text", "private"),
    [
        ("import lvmctl.sphere, numpy", []),
        ("import lvmctl.testing, lvmctl.core.run_directory", ["lvmctl.core.run_directory"]),
        ("from lvmctl import Batch, cli, sphere", ["lvmctl.cli"]),
        ("from lvmctl.sphere import cosine", []),
        ("from lvmctl.testing import parametrize_with_checks", []),
        ("from lvmctl.testing import check", ["lvmctl.testing.check"]),
        ("from lvmctl.data import Windows", ["lvmctl.data"]),
        ("def late():\n    import lvmctl.cli.main", ["lvmctl.cli.main"]),
        ("from . import runs\nfrom .lvmctl import runs", []),
        ("import lvmctl_p8, lvmctlx.runs", []),
    ],
)
def test_private_imports_are_found(text, private, tmp_path):
    path = tmp_path / "file.py"
    path.write_text(text)
    assert [module for _, module in private_imports(path)] == private


@pytest.mark.parametrize(
    ("files", "module", "expected"),
    [
        (["a_pkg/__init__.py", "a_pkg/b/c.py", "other.py"], "a_pkg.b.c", 2),
        (["a_pkg/b/__init__.py", "a_pkg/b/c.py", "a_pkg/other.py"], "a_pkg.b.c", 2),
        (["a_pkg/b.py", "a_pkg/c.py"], "a_pkg.b", 2),
        (["a_pkg.py", "other.py"], "a_pkg", 1),
    ],
    ids=["package", "in a namespace", "without __init__", "one file"],
)
def test_the_files_of_a_plugin_are_all_looked_at(files, module, expected, tmp_path, monkeypatch):
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    listed = sources(module)
    assert len(listed) == expected
    assert all(path.is_relative_to(place) for place, path in listed)
    forget()

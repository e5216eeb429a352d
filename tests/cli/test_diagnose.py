"""``lvmctl diagnose`` as it is typed."""

from __future__ import annotations

import json

import pytest

DATA = "synth:ar1?articles=30&chunks=14&dim=6"

MINE = """
from dataclasses import dataclass
from lvmctl.plugins import *

LVMCTL_API = 1

@dataclass(frozen=True)
class Options:
    level: float = option(0.5, "what is asked", low=0.0, high=1.0)

@hookimpl
def lvmctl_diagnostics():
    return [
        DiagnosticSpec(name="sound", summary="Says what it was given.",
                       target="mine_pkg.says:Says", options=Options),
        DiagnosticSpec(name="raises", summary="Raises.", target="mine_pkg.says:Raises"),
        DiagnosticSpec(name="garbage", summary="Returns a word.", target="mine_pkg.says:Garbage"),
    ]
"""
SAYS = """
from lvmctl.diagnosis import Diagnosis

class Says:
    def __init__(self, options):
        self.options = options

    def __call__(self, split, screen):
        screen.say("looking")
        return Diagnosis("DIM", f"D is {split.dim}.", {"level": self.options.level},
                         failed=self.options.level > 0.9)

class Raises(Says):
    def __call__(self, split, screen):
        raise ZeroDivisionError("none left")

class Garbage(Says):
    def __call__(self, split, screen):
        return "fine"
"""


@pytest.fixture
def mine(install):
    """A plugin with three diagnostics: a sound one, one that raises, one that returns a word."""
    files = {"mine_pkg/__init__.py": "", "mine_pkg/plugin.py": MINE, "mine_pkg/says.py": SAYS}
    return install("lvmctl-mine", {"mine": "mine_pkg.plugin"}, files)


def test_help_lists_the_diagnostics_of_core_and_plugins(run_cli, mine):
    shown = run_cli("diagnose", "--help", path=[mine]).stdout
    for name in ("ceilings", "feasibility", "metrics", "sound", "raises", "all"):
        assert f"  {name} " in shown


def test_options_become_flags(run_cli, mine):
    shown = run_cli("diagnose", "sound", "--help", path=[mine]).stdout
    assert "--level FLOAT" in shown
    assert "[default: 0.5]" in shown
    done = run_cli("diagnose", "sound", DATA, "--level", "0.7", "--json", path=[mine])
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["schema"] == "lvmctl.diagnose.sound/1"
    assert (found["verdict"], found["sentence"], found["level"]) == ("DIM", "D is 6.", 0.7)
    assert "looking" in done.stderr


def test_a_failed_diagnosis_is_exit_code_one(run_cli, mine):
    done = run_cli("diagnose", "sound", DATA, "--level", "1", path=[mine])
    assert done.returncode == 1
    assert done.stdout == "DIM: D is 6.\n"


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("sound", DATA, "--level", "2"), 2, "level: 2.0 is above 1"),
        (("sound", "nowhere"), 3, "nowhere"),
        (("soud", DATA), 2, "no diagnostic 'soud'; did you mean 'sound'?"),
        (("raises", DATA), 2, "it failed with ZeroDivisionError: none left"),
        (("garbage", DATA), 2, "a diagnostic returns a Diagnosis, not str"),
        (("ceilings", DATA, "--train", DATA), 2, "--data and --train"),
        (("ceilings", "--context", "0"), 2, "context: 0 is below 1"),
    ],
)
def test_what_is_wrong_is_one_line(run_cli, mine, words, code, message):
    done = run_cli("diagnose", *words, path=[mine])
    assert done.returncode == code, done.stderr
    assert done.stdout == ""
    assert message in done.stderr.splitlines()[-1]


def test_one_that_raises_does_not_stop_the_others(run_cli, mine):
    done = run_cli("diagnose", "all", DATA, "--json", path=[mine], timeout=300)
    found = json.loads(done.stdout)
    assert {"ceilings", "feasibility", "sound"} <= set(found["diagnoses"])
    assert set(found["faults"]) == {"raises", "garbage"}
    assert "none left" in found["faults"]["raises"]
    assert done.returncode != 0


def test_out_saves_whole_and_never_overwrites(run_cli, tmp_path):
    out = tmp_path / "found"
    words = ("diagnose", "ceilings", DATA, "--min-article", "10", "--out", out)
    done = run_cli(*words)
    assert done.returncode == 0, done.stderr
    assert sorted(p.name for p in out.iterdir()) == ["ceilings.json", "ceilings.svg"]
    assert json.loads((out / "ceilings.json").read_text())["verdict"] in done.stdout
    assert (out / "ceilings.svg").read_text().startswith("<?xml")
    again = run_cli(*words)
    assert again.returncode == 6
    assert "exists" in again.stderr


def test_listing_needs_no_torch(run_cli, tmp_path):
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "torch.py").write_text("raise ImportError('not needed')")
    done = run_cli("diagnose", "--help", path=[hidden])
    assert done.returncode == 0, done.stderr

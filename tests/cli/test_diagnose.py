"""``lvmctl diagnose`` as it is typed."""

from __future__ import annotations

import json
import os

import pytest

from lvmctl.cli.diagnose.show import refuse_output
from lvmctl.core.errors import OutputError

DATA = "synth:ar1?articles=30&chunks=14&dim=6"

MINE = """
from dataclasses import dataclass
from lvmctl import DiagnosticSpec, hookimpl, option


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
        DiagnosticSpec(name="ragged", summary="A row too long.", target="mine_pkg.says:Ragged"),
        DiagnosticSpec(name="hiding", summary="Hides words.", target="mine_pkg.says:Hiding"),
        DiagnosticSpec(name="objects", summary="Gives objects.", target="mine_pkg.says:Objects"),
        DiagnosticSpec(name="halved", summary="Half a character.", target="mine_pkg.says:Halved"),
        DiagnosticSpec(name="arrays", summary="Gives arrays.", target="mine_pkg.says:Arrays"),
        DiagnosticSpec(name="undrawn", summary="Has a bad plot.", target="mine_pkg.says:Undrawn",
                       options=Options),
    ]
"""
SAYS = """
import os
from pathlib import Path
import numpy as np
from lvmctl.core.diagnosis import Diagnosis, Table

class Says:
    def __init__(self, options):
        self.options = options

    def __call__(self, split, reporter):
        reporter.info("looking")
        print("not for the answer")
        if place := os.environ.get("IN_THE_WAY"):
            Path(place).mkdir()
        return Diagnosis("DIM", f"D is {split.dim}.", {"level": self.options.level},
                         failed=self.options.level > 0.9)

class Raises(Says):
    def __call__(self, split, reporter):
        raise ZeroDivisionError("none left")

class Garbage(Says):
    def __call__(self, split, reporter):
        return "fine"

class Ragged(Says):
    def __call__(self, split, reporter):
        return Diagnosis("OK", "Fine.", tables=(Table(("a", "b"), ((1, 2), (1, 2, 3)), "Two"),))

class Hiding(Says):
    def __call__(self, split, reporter):
        return Diagnosis("OK", "Fine.", {"verdict": "HIDDEN", "level": 1})

class Objects(Says):
    def __call__(self, split, reporter):
        return Diagnosis("OK", "Fine.", {"found": object()})

class Arrays(Says):
    def __call__(self, split, reporter):
        return Diagnosis("OK", "Fine.", {
            "nothing": float("nan"), "many": np.array([np.nan, 1]), "large": np.float32("inf"),
            "whole": np.int64(3), "true": np.bool_(True), (1, 2): "a pair",
        })

class Halved(Says):
    def __call__(self, split, reporter):
        return Diagnosis("OK", "Fine.", {"file": "\\ud800"})

class Undrawn(Says):
    def __call__(self, split, reporter):
        def plot():
            raise RuntimeError("no\\npaper")
        return Diagnosis("OK", "Fine.", plot=plot, failed=self.options.level > 0.9)
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
    record = json.loads(done.stdout)
    assert record["schema"] == "lvmctl.diagnose.sound/1"
    assert (record["verdict"], record["sentence"], record["level"]) == ("DIM", "D is 6.", 0.7)
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
        (("ragged", DATA), 2, "ragged of plugin mine (lvmctl-mine 1.0): it failed with ValueError"),
        (("ragged", DATA), 2, "a row of Two does not fit its header"),
        (("hiding", DATA), 2, "figures may not be called verdict"),
        (("objects", DATA, "--json"), 2, "JSON cannot hold a value of type object"),
        (("ceilings", DATA, "--train", DATA), 2, "--data and --train"),
        (("ceilings", "--context", "0"), 2, "context: 0 is below 1"),
    ],
)
def test_what_is_wrong_is_one_line(run_cli, mine, words, code, message):
    done = run_cli("diagnose", *words, path=[mine])
    assert done.returncode == code, done.stderr
    assert done.stdout == ""
    assert message in done.stderr.splitlines()[-1]


def test_one_that_goes_wrong_does_not_stop_the_others(run_cli, mine, tmp_path):
    out = tmp_path / "found"
    words = ("diagnose", "all", DATA, "--json", "--out", out)
    done = run_cli(*words, path=[mine])
    record = json.loads(done.stdout)
    answered = set(record["diagnoses"])
    assert {"ceilings", "feasibility", "sound", "arrays", "halved", "undrawn"} <= answered
    wrong = {"raises", "garbage", "ragged", "hiding", "objects"}
    assert not wrong & answered
    assert set(record["faults"]) == wrong | {"undrawn"}
    assert "none left" in record["faults"]["raises"]
    assert "of plugin mine" in record["faults"]["objects"]
    # leakage fails in this world, and that outweighs the faults.
    assert done.returncode == 1
    saved = {path.stem: json.loads(path.read_text()) for path in out.glob("*.json")}
    assert saved == record["diagnoses"]
    assert {"ceilings", "direction"} <= {path.stem for path in out.glob("*.svg")} < answered


def test_what_is_saved_is_what_is_printed(run_cli, mine, tmp_path):
    out = tmp_path / "found"
    done = run_cli("diagnose", "arrays", DATA, "--json", "--out", out, path=[mine])
    assert done.returncode == 0, done.stderr
    record = json.loads((out / "arrays.json").read_text())
    assert record == json.loads(done.stdout)
    assert record == {
        "schema": "lvmctl.diagnose.arrays/1",
        "verdict": "OK",
        "sentence": "Fine.",
        "change": "",
        "failed": False,
        "nothing": None,
        "many": [None, 1.0],
        "large": None,
        "whole": 3,
        "true": True,
        "(1, 2)": "a pair",
    }


@pytest.mark.parametrize(("level", "code"), [("0.5", 2), ("1", 1)])
def test_a_plot_that_cannot_be_drawn_leaves_the_answer(run_cli, mine, tmp_path, level, code):
    out = tmp_path / "found"
    words = ("diagnose", "undrawn", DATA, "--level", level)
    done = run_cli(*words, "--out", out, path=[mine])
    assert (done.returncode, done.stdout) == (code, "OK: Fine.\n")
    assert [path.name for path in out.iterdir()] == ["undrawn.json"]
    last = done.stderr.splitlines()[-1]
    assert last.startswith("error: the plot is left out: diagnostic undrawn of plugin mine")
    assert "RuntimeError: no paper" in last
    # Nobody asked for the plot.
    assert run_cli(*words, path=[mine]).returncode == (level == "1")


def test_a_place_that_cannot_be_written_is_refused_before_the_work(run_cli, mine, tmp_path):
    (tmp_path / "file").write_text("")
    out = tmp_path / "file" / "a" / "b"
    for name in ("sound", "all"):
        done = run_cli("diagnose", name, DATA, "--out", out, path=[mine])
        assert (done.returncode, done.stdout) == (6, "")
        assert done.stderr == f"error: {tmp_path / 'file'}: not a directory; choose another place\n"


def test_a_directory_without_permission_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: path != tmp_path)
    with pytest.raises(OutputError, match="no permission to write there"):
        refuse_output(tmp_path / "new" / "found")
    (tmp_path / "new").mkdir()
    refuse_output(tmp_path / "new" / "found")
    refuse_output(None)


def test_a_link_to_nothing_is_not_written_over(tmp_path):
    (tmp_path / "found").symlink_to(tmp_path / "nowhere")
    with pytest.raises(OutputError, match="exists"):
        refuse_output(tmp_path / "found")


@pytest.mark.parametrize("words", [(), ("--json",)])
def test_the_answer_is_printed_before_it_is_saved(run_cli, mine, tmp_path, words):
    """What stands in the way appears while the diagnostic works."""
    out = tmp_path / "found"
    command = ("diagnose", "sound", DATA, "--out", out, *words)
    done = run_cli(*command, path=[mine], env={"IN_THE_WAY": str(out)})
    assert done.returncode == 6
    assert "exists" in done.stderr.splitlines()[-1]
    assert "D is 6." in done.stdout
    assert "not for the answer" in done.stderr
    assert "not for the answer" not in done.stdout


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
    assert again.stdout == ""


def test_listing_needs_no_torch(run_cli, tmp_path):
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "torch.py").write_text("raise ImportError('not needed')")
    done = run_cli("diagnose", "--help", path=[hidden], fresh=True)
    assert done.returncode == 0, done.stderr

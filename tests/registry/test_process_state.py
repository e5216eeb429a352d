"""What a plugin does to the process while it loads costs the others nothing."""

from __future__ import annotations

import json
import os
from contextlib import suppress

import pytest

from lvmctl.registry.process_state import same_directory, undone

PLUGIN = """
import os
import subprocess
from lvmctl import LossSpec, hookimpl
os.write(1, b"RAW ")
subprocess.run(["echo", "CHILD"])
print("PRINTED")
os.chdir("/")

@hookimpl
def lvmctl_losses():
    return [LossSpec(name="loud", summary="A loss.", target="loud.loss:Loud")]

@hookimpl
def lvmctl_before_run(run):
    os.chdir("/")
"""


def test_output_and_directory_are_the_commands_own(install, run_cli, tmp_path):
    site = install("lvmctl-loud", {"loud": "loud.plugin"}, {"loud/plugin.py": PLUGIN})
    (tmp_path / "here").mkdir()
    done = run_cli("plugins", "list", "--json", path=[site], cwd=tmp_path / "here")
    assert done.returncode == 0, done.stderr
    names = {record["name"] for record in json.loads(done.stdout)["records"]}
    assert "loud" in names
    for word in ("RAW", "CHILD", "PRINTED"):
        assert word in done.stderr
    data = "synth:topic?articles=24&chunks=16&dim=8"
    small = ["--set=layers=1", "--set=width=8", "--set=heads=2", "--epochs=1"]
    words = ["train", "--plugin", "p8", "--data", data, *small, "--out", "run"]
    done = run_cli(*words, path=[site], cwd=tmp_path / "here")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "here" / "run" / "best_model.pt").is_file()


def test_the_directory_comes_back_after_a_fault(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with suppress(KeyError), same_directory():
        os.chdir("/")
        raise KeyError
    assert os.getcwd() == str(tmp_path)


def test_the_descriptor_comes_back_after_a_fault(capfd):
    with suppress(KeyError), undone():
        os.write(1, b"talk")
        raise KeyError
    os.write(1, b"data")
    assert capfd.readouterr() == ("data", "talk")


OPTIONS = """
from dataclasses import dataclass
from lvmctl import DiagnosticSpec, hookimpl

@dataclass(frozen=True, kw_only=True)
class Options:
    {field}

@hookimpl
def lvmctl_diagnostics():
    return [DiagnosticSpec(name="odd", summary="A.", target="odd.part:Odd", options=Options)]
"""


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ("kept: dict = None", "an option cannot have the type <class 'dict'>"),
        ("depth: int", "have no default for depth"),
        ("depth: Gone = 1", "name 'Gone' is not defined"),
    ],
)
def test_options_that_cannot_be_read_break_their_plugin_alone(install, run_cli, field, message):
    text = "from __future__ import annotations\n" + OPTIONS.format(field=field)
    site = install("lvmctl-odd", {"odd": "odd.plugin"}, {"odd/plugin.py": text})
    shown = json.loads(run_cli("plugins", "list", "--json", path=[site]).stdout)
    (odd,) = [plugin for plugin in shown["plugins"] if plugin["name"] == "odd"]
    assert odd["status"] == "broken"
    assert message in odd["error"]
    done = run_cli("diagnose", "--help", path=[site])
    assert done.returncode == 0
    assert "split-parity" in done.stdout

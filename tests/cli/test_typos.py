"""A typo is answered at once: before torch is imported."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

CODE = """
import contextlib, io, json, sys
from lvmctl.cli.main import run
for line in json.load(sys.stdin):
    with contextlib.redirect_stderr(io.StringIO()) as err:
        code = run(line.split())
    print(json.dumps(["torch" in sys.modules, code, err.getvalue()]))
"""
TYPOS = [
    ("train --plugin p88", 2, ["'p88'", "did you mean 'p8'?"]),
    ("train --plugin P8X", 2, ["did you mean 'p8'?"]),
    ("train --plugin p8 --set lrr=3", 2, ["'lrr'", "did you mean 'lr'"]),
    ("train --plugin p8 --lr 0.1", 2, ["--lr", "--set lr=VALUE"]),
    ("train --plugin p8 --temperature 0.1", 2, ["--set temperature=VALUE"]),
    ("train --plugin p8 --data nothing", 3, ["no such store", "nothing"]),
    ("train --experiment p8-pilt", 2, ["p8-pilot"]),
    ("eval 5cat --profile shp", 2, ["did you mean 'ship'?"]),
    ("eval baselines --data nothing", 3, ["no such store"]),
    ("eval compare --train nothing", 3, ["no such store"]),
    ("plugins check nothing", 2, ["the nearest are", "lvmctl plugins list"]),
    ("diagnose split-party", 2, ["did you mean 'split-parity'?"]),
    ("data synth rotatio --out x", 2, ["did you mean 'rotation'?"]),
    ("data imprt x --out y", 2, ["lvmctl data", "'imprt'", "did you mean import?"]),
    ("eval fivecat", 2, ["'fivecat'", "there are", "5cat"]),
    ("data verify x", 2, ["lvmctl data", "did you mean lvmctl verify?"]),
    ("runs lst", 2, ["did you mean list?"]),
    ("experiments shw", 2, ["did you mean show?"]),
    ("trian", 2, ["did you mean 'train'?"]),
    ("version", 2, ["did you mean --version?"]),
    ("train p9", 2, ["'p9'", "did you mean --plugin p9?"]),
    ("train synth:ar1", 2, ["did you mean --data synth:ar1?"]),
    ("train zzzz", 2, ["--plugin RECIPE"]),
]


@pytest.fixture(scope="module")
def answers(tmp_path_factory) -> dict[str, list]:
    """Whether torch was imported, the exit code and the message, all in one process."""
    lines = [line for line, *_ in TYPOS]
    done = subprocess.run(
        [sys.executable, "-c", CODE],
        input=json.dumps(lines),
        capture_output=True,
        text=True,
        cwd=tmp_path_factory.mktemp("typos"),
    )
    assert done.returncode == 0, done.stderr
    return dict(zip(lines, map(json.loads, done.stdout.splitlines()), strict=True))


@pytest.mark.parametrize(("line", "code", "key_words"), TYPOS)
def test_a_typo(answers, line, code, key_words):
    *ended, message = answers[line]
    assert ended == [False, code], message
    assert [word for word in key_words if word not in message] == []


def test_nothing_is_suggested_that_is_not_alike(run_cli):
    assert "did you mean" not in run_cli("status").stderr


@pytest.mark.parametrize("place", [0, 1, 2])
def test_debug_stands_anywhere(run_cli, place):
    words = ["eval", "retrieval", "nothing"]
    result = run_cli(*words[:place], "--debug", *words[place:])
    assert result.returncode == 4
    assert "Traceback" in result.stderr


def test_what_follows_two_dashes_is_no_flag(run_cli):
    assert "Traceback" not in run_cli("eval", "retrieval", "--", "--debug").stderr

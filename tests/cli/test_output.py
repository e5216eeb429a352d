"""stdout is one result, stderr is what a person reads."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click
import numpy as np
import pytest

from lvmctl.cli.exit_codes import report
from lvmctl.cli.main import run
from lvmctl.cli.output import coloured, emit, notice
from lvmctl.cli.reporter import TerminalReporter
from lvmctl.core.errors import DataError

WORLD = "synth:topic?articles=12&chunks=24&dim=8"


def test_json_has_the_schema_and_holds_only_what_json_can(capsys):
    value = {
        "nan": float("nan"),
        "inf": np.float32("inf"),
        "array": np.arange(3),
        "path": Path("a/b"),
        "deep": {"tuple": (1, True, None)},
    }
    emit(value, "data.info", True, "")
    assert json.loads(capsys.readouterr().out) == {
        "schema": "lvmctl.data.info/1",
        "nan": None,
        "inf": None,
        "array": [0, 1, 2],
        "path": "a/b",
        "deep": {"tuple": [1, True, None]},
    }


def test_text_may_be_made_when_it_is_needed(capsys):
    emit({}, "x", False, lambda: "made")
    assert capsys.readouterr().out == "made\n"
    emit({}, "x", True, lambda: 1 / 0)


def test_notices_go_to_stderr(capsys):
    notice("by the way")
    assert capsys.readouterr() == ("", "by the way\n")


@pytest.mark.parametrize(("no_color", "codes"), [("", 2), ("1", 0)])
def test_verdicts_are_coloured(monkeypatch, no_color, codes):
    monkeypatch.setenv("NO_COLOR", no_color)
    shown = coloured("FAIL by profile fair; not FAILED")
    assert shown.count("\x1b[") == codes
    assert click.unstyle(shown) == "FAIL by profile fair; not FAILED"


def test_no_colour_reaches_a_file(capsys):
    emit({}, "a", False, "PASS")
    assert capsys.readouterr().out == "PASS\n"


def test_what_steers_a_terminal_is_shown_and_not_sent(capsys):
    title = "a\x1b[2Jb\x9b31mc\x07\td\ne"
    emit({"title": title}, "x", False, title)
    notice(title)
    shown = capsys.readouterr()
    assert shown.out == "a\\x1b[2Jb\\x9b31mc\\x07\td\ne\n" == shown.err
    emit({"title": title}, "x", True, title)
    assert json.loads(capsys.readouterr().out)["title"] == title
    report(DataError("is damaged", where=title), debug=False)
    assert "\x1b" not in capsys.readouterr().err


@pytest.mark.parametrize("terminal", [True, False])
def test_messages_are_folded_for_a_person_and_one_line_for_a_script(
    capsys, monkeypatch, tmp_path, terminal
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    path = "a-rather-long-folder/" * 5 + "store"
    assert run(["train", "--plugin", "plain", "--data", path]) == 3
    assert run(["eval", "baselines", "--data", WORLD, "--context", "300"]) == 3
    error = capsys.readouterr().err
    lines = error.splitlines()
    assert path in error
    assert "lvmctl data import" in " ".join(error.split())
    assert terminal == all(len(line) <= 80 or path in line for line in lines)
    assert terminal == any(line.startswith("  ") for line in lines)
    assert [line[:6] for line in lines if not line.startswith("  ")].count("error:") == 2


def test_a_quoted_command_stays_on_one_line(capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    command = "`lvmctl data split some-store --by article --force`"
    notice(f"{'word ' * 12}{command} and after that --train STORE")
    first, *others = capsys.readouterr().err.splitlines()
    assert first.split() == ["word"] * 12
    assert others == [f"  {command} and after that", "  --train STORE"]


def test_a_message_is_shown_once(capsys):
    assert run(["eval", "baselines", "--data", WORLD, "--json"]) == 0
    err = capsys.readouterr().err
    assert err.count("has no splits") == 1
    reporter = TerminalReporter()
    reporter.info("same")
    reporter.info("same")
    assert capsys.readouterr().err == "same\n"

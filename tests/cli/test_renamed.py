"""Earlier spellings of options are understood, and shown nowhere."""

from __future__ import annotations

import json

import pytest


@pytest.mark.parametrize(
    ("was", "now"),
    [
        (["--a", "0.5"], ["--correlation", "0.5"]),
        (["--f", "0.5"], ["--topic-share", "0.5"]),
    ],
)
def test_synth(run_cli, tmp_path, was, now):
    size = ["--articles", "3", "--chunks", "8", "--dim", "4"]
    shown = []
    for option in (was, now):
        out = tmp_path / option[0]
        result = run_cli("data", "synth", "topic", "--out", out, *size, *option, "--json")
        assert result.returncode == 0, result.stderr
        shown.append(json.loads(result.stdout)["content_hash"])
    assert shown[0] == shown[1]


@pytest.mark.parametrize(
    ("command", "was"),
    [
        (("data", "synth"), "--f "),
        (("data", "import"), "--apart"),
        (("data", "embed"), "--half"),
        (("data", "split"), "--ood"),
        (("eval", "5cat"), "--seed-rules"),
        (("eval", "5cat"), "--spoilt-windows"),
    ],
)
def test_help_shows_the_new_spelling_alone(run_cli, command, was):
    assert was not in run_cli(*command, "--help").stdout


@pytest.mark.parametrize("option", [["--half"], ["--dtype", "float16"]])
def test_half(run_cli, tmp_path, option):
    (tmp_path / "texts").mkdir()
    for name in "abcd":
        text = "\n\n".join(f"{name} words of paragraph {i} about {i * 7}" for i in range(8))
        (tmp_path / "texts" / f"{name}.txt").write_text(text)
    words = ("data", "embed", tmp_path / "texts", "--out", tmp_path / "store", "--json")
    settings = ("--set", "min_texts=1", "--set", "max_share=1", "--set", "dim=4")
    result = run_cli(*words, *settings, *option)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["dtype"] == "float16"

"""What the documentation tells a user to type can be typed."""

from __future__ import annotations

import json
import re
import shlex
import sys
from pathlib import Path

import click
import pytest

from lvmctl.cli.main import cli
from lvmctl.cli.main import run as main

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md")), *sorted(ROOT.glob("plugins/*/*.md"))]
DATA = "synth:topic?articles=20&chunks=12&dim=8"
SMALL = ["layers=1", "width=16", "heads=2", "feedforward=16", "min_article=6"]
SETTINGS = [word for setting in SMALL for word in ("--set", setting)]
BLOCK = re.compile(r"(<!-- run -->\n)?```(\w*)\n(.*?)```", re.DOTALL)


def blocks(page: Path) -> list[tuple[bool, str, str]]:
    """Code blocks of a page: whether it is marked to be run, its language, its text."""
    found = BLOCK.findall(page.read_text(encoding="utf-8"))
    return [(bool(run), language, text) for run, language, text in found]


def typed(text: str) -> list[list[str]]:
    """The ``lvmctl`` command lines of a block, in words; ``[…]`` marks what may be left out."""
    lines = [line for line in text.splitlines() if line.startswith("lvmctl ")]
    return [shlex.split(re.sub(r"[\[\]…]", "", line), comments=True)[1:] for line in lines]


def parse(command: click.Command, words: list[str], parent: click.Context | None = None) -> None:
    """Parse a command line to its end without running it."""
    if isinstance(command, click.Group):
        at = next(i for i, word in enumerate(words) if not word.startswith("-"))
        context = command.make_context(command.name, words[:at] or [words[at]], parent=parent)
        _, found, _ = command.resolve_command(context, words[at:])
        parse(found, words[at + 1 :], context)
    elif "--help" not in words:
        command.make_context(command.name, words, parent=parent)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_line_parses(page):
    for _, _, text in blocks(page):
        for words in typed(text):
            parse(cli, words)


def test_marked_blocks_run(tmp_path, monkeypatch, capsys, cli_env):
    """The blocks marked ``<!-- run -->``, page by page, each page in one directory."""
    ran = 0
    for page in PAGES:
        here = tmp_path / page.relative_to(ROOT).with_suffix("")
        here.mkdir(parents=True)
        monkeypatch.chdir(here)
        monkeypatch.setenv("LVMCTL_CACHE", cli_env["LVMCTL_CACHE"])
        for marked, _, text in blocks(page):
            for words in typed(text) if marked else []:
                verdict = words[:2] in (["eval", "5cat"], ["eval", "compare"])
                assert main(words) in ((0, 1) if verdict else (0,)), (
                    words,
                    capsys.readouterr().err,
                )
                ran += 1
    assert ran >= 8


@pytest.mark.parametrize(
    "page", sorted(ROOT.glob("plugins/*/README.md")), ids=lambda p: p.parent.name
)
def test_what_plugins_say_to_type_trains(page, tmp_path, monkeypatch, capsys):
    """Small, with the data and the size replaced; grids are left to the tests of grids."""
    monkeypatch.chdir(tmp_path)
    lines = [words for _, _, text in blocks(page) for words in typed(text)]
    trained = [words for words in lines if words[0] == "train" and "--experiment" not in words]
    for number, words in enumerate(trained):
        small = ["--data", DATA, "--epochs", "1", "--out", f"run{number}", *SETTINGS]
        assert main([*words, *small]) == 0, (words, capsys.readouterr().err)


def test_python_blocks_compile():
    for page in PAGES:
        for _, language, text in blocks(page):
            if language == "python":
                compile(text, str(page), "exec")


def test_what_is_said_of_files_is_so(tmp_path, monkeypatch):
    """The files that docs/training.md lists are the files of a run, and no other."""
    monkeypatch.chdir(tmp_path)
    words = ["train", "--plugin", "p8", "--data", DATA, "--epochs", "1", "--out", "r"]
    code = main([*words, "--set=transform=centred", *SETTINGS])
    assert code == 0
    page = (ROOT / "docs/training.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| `([\w.]+)/?` \|", page.partition("## The run")[2], re.MULTILINE))
    there = {path.name for path in (tmp_path / "r").iterdir()} - {".lock"}
    assert listed == there
    history = json.loads((tmp_path / "r/training_history.json").read_text())
    assert set(history[0]) == {"epoch", "train", "val"}


def test_the_readme_says_which_python():
    pyproject = (ROOT / "pyproject.toml").read_text()
    oldest = re.search(r'requires-python = ">=([\d.]+)"', pyproject).group(1)
    assert f"Python {oldest}" in (ROOT / "README.md").read_text()
    assert tuple(map(int, oldest.split("."))) <= sys.version_info[:2]

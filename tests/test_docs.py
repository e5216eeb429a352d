"""What the documentation tells a user to type can be typed."""

from __future__ import annotations

import json
import re
import sys
import textwrap

import pytest
from docs.pages import PAGES, ROOT, blocks, parse, typed

from lvmctl.cli.main import cli
from lvmctl.cli.main import run as main
from lvmctl.config import describe
from lvmctl.registry import load_registry

EXAMPLES = [page for page in PAGES if any(b.mark.startswith("file: ") for b in blocks(page))]
"""Pages whose commands are run where their examples are installed, in tests/docs."""

DATA = "synth:topic?articles=20&chunks=12&dim=8"
SMALL = ["layers=1", "width=16", "heads=2", "feedforward=16", "min_article=6"]
SETTINGS = [word for setting in SMALL for word in ("--set", setting)]


@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if page not in EXAMPLES],
    ids=lambda page: str(page.relative_to(ROOT)),
)
def test_every_command_line_parses(page):
    for block in blocks(page):
        for words in typed(block.text):
            parse(cli, words)


def test_marked_blocks_run(tmp_path, monkeypatch, capsys, cli_env):
    """The blocks marked ``<!-- run -->``, page by page, each page in one directory."""
    ran = 0
    for page in PAGES:
        if page in EXAMPLES:
            continue
        directory = tmp_path / page.relative_to(ROOT).with_suffix("")
        directory.mkdir(parents=True)
        monkeypatch.chdir(directory)
        monkeypatch.setenv("LVMCTL_CACHE", cli_env["LVMCTL_CACHE"])
        for mark, _, text in blocks(page):
            for words in typed(text) if mark == "run" else []:
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
        recipe = load_registry().get("recipe", words[words.index("--plugin") + 1])
        taken = {info.name for info in describe(recipe.record.options)}
        sets = [f"--set={setting}" for setting in SMALL if setting.partition("=")[0] in taken]
        small = ["--data", DATA, "--epochs", "1", "--out", f"run{number}", *sets]
        assert main([*words, *small]) == 0, (words, capsys.readouterr().err)


def test_python_blocks_compile():
    for page in PAGES:
        for _, language, text in blocks(page):
            if language == "python":
                compile(textwrap.dedent(text), str(page), "exec")


def test_what_is_documented_of_files_is_so(tmp_path, monkeypatch):
    """The files that docs/training.md lists are the files of a run, and no other."""
    monkeypatch.chdir(tmp_path)
    words = ["train", "--plugin", "p8", "--data", DATA, "--epochs", "1", "--out", "r"]
    code = main([*words, "--set=transform=centred", *SETTINGS])
    assert code == 0
    page = (ROOT / "docs/training.md").read_text(encoding="utf-8")
    section = page.partition("## The run")[2].partition("\n## ")[0]
    listed = set(re.findall(r"^\| `([\w.]+)/?` \|", section, re.MULTILINE))
    there = {path.name for path in (tmp_path / "r").iterdir()} - {".lock", ".lock.hashes"}
    assert listed == there
    history = json.loads((tmp_path / "r/training_history.json").read_text())
    assert set(history[0]) == {"epoch", "train", "val"}


def test_the_readme_says_which_python():
    pyproject = (ROOT / "pyproject.toml").read_text()
    oldest = re.search(r'requires-python = ">=([\d.]+)"', pyproject).group(1)
    assert f"Python {oldest}" in (ROOT / "README.md").read_text()
    assert tuple(map(int, oldest.split("."))) <= sys.version_info[:2]

"""The worked example of each hook's page is installed, passes the conformance kit, and is used."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest
from docs.pages import PLUGINS, blocks, parse, typed

from lvmctl.cli.main import cli
from lvmctl.cli.main import run as main
from lvmctl.registry import configure, load_registry
from lvmctl.registry.declare import RECORDS
from lvmctl.testing.conformance import cases

PAGES = [*(hook.removeprefix("lvmctl_") for hook in RECORDS), "lifecycle"]
METADATA = """\
Metadata-Version: 2.1
Name: {name}
Version: 1.0
Requires-Dist: lvmctl<0.2,>=0.1
"""


@pytest.fixture
def example(tmp_path, monkeypatch, cache_dir):
    """``example(page)`` installs a page's files, works beside them, and gives the plugin's name."""
    packages = []

    def make(page: str) -> str:
        for mark, _, text in blocks(PLUGINS / f"{page}.md"):
            if mark.startswith("file: "):
                file = tmp_path / mark.removeprefix("file: ")
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text)
        (package,) = (path.parent.name for path in tmp_path.glob("*/plugin.py"))
        packages.append(package)
        install(tmp_path, package)
        monkeypatch.syspath_prepend(str(tmp_path))
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("LVMCTL_CACHE", str(cache_dir))
        configure()
        return package.removeprefix("lvmctl_")

    yield make
    for name in [name for name in sys.modules if name.partition(".")[0] in packages]:
        del sys.modules[name]
    monkeypatch.undo()
    configure()


def install(site: Path, package: str) -> None:
    """Leave the metadata that pip leaves."""
    info = site / f"{package}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(METADATA.format(name=package.replace("_", "-")))
    plugin = package.removeprefix("lvmctl_")
    (info / "entry_points.txt").write_text(f"[lvmctl]\n{plugin} = {package}.plugin\n")
    (info / "RECORD").write_text("")


@pytest.mark.parametrize("page", PAGES)
def test_it_keeps_every_rule(page, example):
    plugin = example(page)
    outcomes = [case.outcome() for case in cases(plugin)]
    assert [outcome for outcome in outcomes if outcome.status == "fail"] == []
    (mine,) = [p for p in load_registry().plugins if p.name == plugin]
    kinds = {record.kind for record in mine.records}
    kind = {page.removesuffix("s").replace("losse", "loss").removeprefix("batch_")} - {"lifecycle"}
    beside = {"gates": {"profile"}, "metrics": {"loss"}, "batch_fields": {"loss"}}.get(page, set())
    assert kinds == kind | beside


@pytest.mark.parametrize("page", PAGES)
def test_it_is_used_as_the_page_says(page, example, capsys):
    example(page)
    for block in blocks(PLUGINS / f"{page}.md"):
        for words in typed(block.text):
            parse(cli, words) if block.mark != "run" else used(words, capsys)


def used(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 0, (words, capsys.readouterr().err)


def test_every_role_of_a_gate_has_an_example(example):
    example("gates")
    roles = {e.record.role for e in load_registry().entries("gate") if e.plugin.name == "house"}
    assert roles == {"verdict", "kill", "sample", "select"}


def test_lifecycle_stops_a_training_that_gets_worse(example, tmp_path):
    """Its rule on histories written by hand, and what it leaves in a run."""
    example("lifecycle")
    from lvmctl_patience import plugin

    from lvmctl.core.run_directory import RunDirectory

    run = RunDirectory.create(tmp_path / "made")
    lines = []
    losses = [1.0, 0.9, 0.95, 0.95, 0.89, 0.9, 0.9, 0.9]
    for epoch, loss in enumerate(losses, start=1):
        record = {"epoch": epoch, "val": {"loss": loss}}
        lines.append(plugin.lvmctl_after_epoch(run, record))
        before = json.loads(run.history.read_text()) if run.history.exists() else []
        run.history.write_text(json.dumps([*before, record]))
    assert lines[:-1] == [None] * 7
    assert re.fullmatch("no lower validation loss in 3 evaluations", lines[-1])
    plugin.lvmctl_after_run(run, {"epochs": 8, "stopped": lines[-1], "best": {}})
    assert json.loads((run.path / "patience.json").read_text())["how"] == lines[-1]

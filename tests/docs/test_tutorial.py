"""The tutorial as it is written: every block is run, written, applied or compared, in order."""

from __future__ import annotations

import os
import re
import subprocess
import zipfile
from pathlib import Path

import forked
from docs.pages import PLUGINS, Block, bare, blocks, read, section, table, typed
from scaffold.environment import wheel

PAGE = PLUGINS / "tutorial.md"
INSTALL = re.compile(r"pip install -e (\S+)")


class Reader:
    """Somebody who types what the page says.

    Args:
        here: the directory to work in.
        site: where packages are installed.
        cache: lvmctl's cache.
    """

    def __init__(self, place: Path, site: Path, cache: str) -> None:
        self.place, self.site = place, site
        self.output = ""
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("LVMCTL_", "PYTEST_"))}
        scripts = os.pathsep.join([str(commands(place)), os.environ["PATH"]])
        self.environment = clean | {"PATH": scripts, "LVMCTL_CACHE": cache, "PYTHONPATH": str(site)}

    def follow(self, block: Block) -> None:
        """Do what the mark of a block says."""
        what, _, about = block.mark.partition(": ")
        {
            "run": self.run,
            "prints": self.prints,
            "file": self.file,
            "shows": self.shows,
            "edit": self.edit,
        }[what](block.text, about)

    def run(self, text: str, about: str) -> None:
        """Type the lines in a shell, which must end with 0 or ``exit N``."""
        lines = [line for line in text.splitlines() if not self.install(line)]
        result = subprocess.run(
            ["bash", "-e", "-c", "\n".join(lines)],
            cwd=self.place,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.output = result.stdout
        assert result.returncode == int(about.removeprefix("exit ") or 0), f"{text}\n{self.output}"

    def install(self, line: str) -> bool:
        """Do what ``pip install -e`` does, without a network: metadata, and the place itself."""
        if not (match := INSTALL.fullmatch(line)):
            return False
        project = self.place / match[1]
        with zipfile.ZipFile(wheel(project, self.site / "wheels")) as built:
            built.extractall(self.site, [n for n in built.namelist() if ".dist-info/" in n])
        self.environment["PYTHONPATH"] += f"{os.pathsep}{project}"
        return True

    def prints(self, text: str, about: str) -> None:
        """The lines were printed in this order, folded or not; ``…`` stands for anything."""
        rest = " ".join(self.output.split())
        for line in filter(str.strip, text.splitlines()):
            pattern = re.escape(" ".join(line.split())).replace("…", ".*?")
            match = re.search(pattern, rest)
            assert match, f"{pattern} is not in\n{self.output}"
            rest = rest[match.end() :]

    def file(self, text: str, about: str) -> None:
        """Write a file."""
        (self.place / about).write_text(text)

    def shows(self, text: str, about: str) -> None:
        """The file has this text."""
        assert text in (self.place / about).read_text()

    def edit(self, text: str, about: str) -> None:
        """Put the lines with + in the place of those with -."""
        lines = text.splitlines(keepends=True)
        old, new = ("".join(x[1:] for x in lines if x[0] == sign) for sign in "-+")
        before = (self.place / about).read_text()
        assert before.count(old) == 1, f"{about} has not these lines once:\n{old}"
        (self.place / about).write_text(before.replace(old, new))


def commands(place: Path) -> Path:
    """A directory beside ``place`` with the programs that the page types."""
    scripts = place.with_name("scripts")
    scripts.mkdir()
    for module in ("lvmctl", "pytest"):
        script = scripts / module
        script.write_text(f'#!/bin/sh\nexec "{forked.python()}" -m {module} "$@"\n')
        script.chmod(0o755)
    return scripts


def test_it_can_be_followed_as_written(tmp_path, cache_dir):
    for name in ("here", "site"):
        (tmp_path / name).mkdir()
    reader = Reader(tmp_path / "here", tmp_path / "site", str(cache_dir))
    for block in blocks(PAGE):
        if block.mark:
            reader.follow(block)
    files_are_told(reader.place / "lvmctl-angular-margin")
    name = "angular-margin/angular-margin.loss_angular-margin"
    assert f"`{name}`" in read(PAGE)
    assert f'"{name}"' in (reader.place / "angular-p8/training_history.json").read_text()


def files_are_told(place: Path) -> None:
    """The page lists the files of a package."""
    files = {str(path.relative_to(place)) for path in place.rglob("*") if path.is_file()}
    made = {name for name in files if "__pycache__" in name or ".pytest_cache" in name}
    assert files - made == {bare(row[0]) for row in table(section(PAGE, "## Write"), "file")}


def test_every_block_is_followed_but_one():
    """The one that says how to train at full size."""
    (left,) = [block.text for block in blocks(PAGE) if not block.mark]
    followed = [line for block in blocks(PAGE) if block.mark == "run" for line in typed(block.text)]
    (words,) = typed(left)
    assert any(line[: len(words)] == words for line in followed)

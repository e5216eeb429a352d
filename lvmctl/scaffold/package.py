"""A plugin's package: its files from the templates of its kind, written whole or not at all."""

from __future__ import annotations

import os
import shlex
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from string import Template

import lvmctl
from lvmctl import OutputError
from lvmctl.core.directories import new_directory
from lvmctl.core.files import write_whole
from lvmctl.scaffold.names import Names

SUFFIX = ".template"
SHARED = "any"
"""Templates of every kind; those of a kind are in the folder that is called like it."""

USE = {
    "recipe": ("lvmctl train --plugin $name",),
    "model": ("lvmctl train --plugin plain --model $name",),
    "loss": ("lvmctl train --plugin plain --loss $name:0.5",),
    "field": ("lvmctl train --plugin p8 --loss $name:0.1",),
    "gate": (
        "lvmctl diagnose feasibility --profile $name",
        "lvmctl eval 5cat --profile $name",
    ),
    "diagnostic": ("lvmctl diagnose $name",),
    "encoder": ("lvmctl data embed texts/ --out store/ --encoder $name",),
    "decoder": ("lvmctl predict --query TEXT --decode $name",),
    "baseline": ("lvmctl eval baselines",),
    "command": ("lvmctl $name",),
}
"""What is typed to use a plugin, by kind."""


def commands(kind: str, names: Names, place: Path) -> list[str]:
    """The command lines that install, check, test and use the package at ``place``."""
    folder = str(place) if place.is_absolute() or place == Path() else f"./{place}"
    quoted = shlex.quote(folder)
    return [
        f"pip install -e {quoted}",
        f"lvmctl plugins check {names.name}",
        f"pytest {quoted}",
        *(Template(line).substitute(name=names.name) for line in USE[kind]),
    ]


def compatible(version: str) -> str:
    """The versions of lvmctl that a plugin written for ``version`` works with: ``>=0.1,<0.2``."""
    major, minor = (int(part) for part in version.split(".")[:2])
    return f">={major}.{minor},<{major + 1 if major else f'0.{minor + 1}'}"


def render(kind: str, names: Names) -> dict[str, str]:
    """The text of each file of a package, by its path inside it."""
    values = {
        "name": names.name,
        "distribution": names.distribution,
        "package": names.package,
        "module": names.module,
        "title": names.title,
        "lvmctl": compatible(lvmctl.__version__),
        "commands": "\n".join(commands(kind, names, Path())),
    }
    templates = resources.files("lvmctl.scaffold").joinpath("templates")
    files = {}
    for folder in (SHARED, kind):
        for path, file in _files(templates.joinpath(folder)):
            named = path.replace("PACKAGE", names.package).replace("MODULE", names.module)
            text = file.read_text(encoding="utf-8")
            files[named.removesuffix(SUFFIX)] = Template(text).substitute(values)
    return dict(sorted(files.items()))


def _files(folder: Traversable, path: str = "") -> list[tuple[str, Traversable]]:
    """Every template below ``folder`` with its path."""
    files = []
    for item in folder.iterdir():
        if item.is_dir():
            files += _files(item, f"{path}{item.name}/")
        elif item.name.endswith(SUFFIX):
            files.append((f"{path}{item.name}", item))
    return files


def write(files: dict[str, str], place: Path) -> None:
    """Write ``files`` into a new folder; it appears when all of them are there."""
    with new_directory(place, _refuse) as fresh:
        for name, text in files.items():
            file = fresh / name
            file.parent.mkdir(parents=True, exist_ok=True)
            write_whole(file, text.encode())


def _refuse(place: Path) -> None:
    if os.path.lexists(place):
        hint = "choose another --out, or move it out of the way"
        raise OutputError("already exists", where=place, hint=hint)

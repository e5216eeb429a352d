"""Which runs and stores there are, by name: pages and requests name things, never paths."""

from __future__ import annotations

import re
from pathlib import Path

import lvmctl

DEMONSTRATION = "demonstration data"

WITH_DIRECTORIES = re.compile(r"(?<![\w/.])(?:~|\.{1,2})?/(?:[^\s/'\"]+/)*(?=[^\s/'\"])")
"""The directories in front of a file's name."""


class Unknown(Exception):
    """There is nothing of this name; the message is one line."""


class Catalogue:
    """Runs in one directory, stores in another and those that runs were trained on.

    Args:
        runs: directory of the runs; it may be made later.
        stores: directory of stores; it need not exist.
    """

    def __init__(self, runs: Path, stores: Path) -> None:
        self._runs, self._stores = runs, stores

    def runs(self) -> list[lvmctl.RunSummary]:
        """What is known of each run, the one trained last first; what is no run is left out."""
        return [run for run in lvmctl.list_runs(self._runs) if run.state != "not a run"]

    def run(self, name: str) -> lvmctl.RunSummary:
        """The run of this very name.

        Raises:
            Unknown: there is none.
        """
        for run in self.runs():
            if run.name == name:
                return run
        raise Unknown(f"there is no run {name!r}")

    def stores(self) -> dict[str, str | None]:
        """What opens each store, by its name; the demonstration data comes first."""
        sources: list[str | None] = [None]
        if self._stores.is_dir():
            sources += sorted(str(file.parent) for file in self._stores.glob("*/store.json"))
        for run in self.runs():
            sources += trained_on(run.path)
        named: dict[str, str | None] = {}
        places = set()
        for source in sources:
            place = source if source is None or is_world(source) else str(Path(source).resolve())
            if place in places:
                continue
            places.add(place)
            name, number = short(source), 2
            while name in named:
                name, number = f"{short(source)} ({number})", number + 1
            named[name] = source
        return named

    def store(self, name: str) -> str | None:
        """What opens the store of this name; None is the demonstration data.

        Raises:
            Unknown: there is none.
        """
        stores = self.stores()
        if name not in stores:
            raise Unknown(f"there is no store {name!r}")
        return stores[name]


def trained_on(run: Path) -> list[str]:
    """The sources that a run was trained on and that are still there, without their splits."""
    try:
        data = lvmctl.Run(run).config.get("data") or {}
        named = [data.get("data"), *(data.get("train") or ()), data.get("val"), data.get("ood")]
    except (lvmctl.LvmctlError, AttributeError, TypeError):
        return []
    sources = [str(source).partition("@")[0] for source in named if source]
    return [source for source in sources if is_world(source) or Path(source).exists()]


def is_world(source: str) -> bool:
    """Whether a source is a synthetic world, which lies nowhere."""
    return source.startswith("synth:")


def short(source: str | None) -> str:
    """The name of a source, or of several joined by ``+``, without directories."""
    if source is None:
        return DEMONSTRATION
    parts = source.split(" + ")
    return " + ".join(part if is_world(part) else Path(part).name or part for part in parts)


def without_directories(text: str) -> str:
    """A message without the directories of the paths in it."""
    return WITH_DIRECTORIES.sub("", text)


def one_line(error: Exception) -> str:
    """What an error says, in one line that holds no path of the machine."""
    return without_directories(" ".join(str(error).split()) or type(error).__name__)

"""The files of a run that the report reads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lvmctl.core.errors import RunError, content_fault
from lvmctl.core.hashes import sha256_of
from lvmctl.core.inputs import real
from lvmctl.core.json_input import read_json
from lvmctl.core.paths import typed
from lvmctl.core.run_directory import RunDirectory
from lvmctl.evaluation.gates.ceilings import ceilings

FORMAT = "lvmctl.5cat/2"


@dataclass(frozen=True)
class Inputs:
    """What is known of a run.

    Attributes:
        key: names it in the page's ids.
        run: its directory.
        source: the file that the figures are from, ``5cat_results.json`` or
            ``5cat_partial.json``.
        result: its content.
        history: ``training_history.json``; empty where there is none.
        config, manifest: the files of these names; an empty manifest where there is none.
    """

    key: str
    run: RunDirectory
    source: Path
    result: dict[str, Any]
    history: list[dict[str, Any]]
    config: dict[str, Any]
    manifest: dict[str, Any]

    @property
    def name(self) -> str:
        """The run directory's name."""
        return real(self.run.path).name

    @property
    def row(self) -> str:
        """The run's row among predictors."""
        return self.result["name"]

    @property
    def metrics(self) -> dict[str, Any]:
        """The run's figures."""
        return self.result["predictors"][self.row]

    def predictor(self, name: str) -> dict[str, Any]:
        """The figures of ``name``, empty where it was not measured."""
        return self.result["predictors"].get(name, {})

    def beside(self, *names: str) -> dict[str, dict[str, Any]]:
        """The run's figures by its row, then those of ``names`` that were measured."""
        others = {name: self.predictor(name) for name in names}
        return {self.row: self.metrics} | {name: tree for name, tree in others.items() if tree}

    @property
    def oracle(self) -> str:
        """The cosine oracle of the run's class."""
        return ceilings("cos_next", self.result["geometry"]).names[0]

    @property
    def bounds(self) -> dict[str, Any]:
        """The largest margins of the run's class."""
        name = ceilings("margin.last", self.result["geometry"]).names[0]
        return self.result["ceilings"].get(name, {})


def partial_of(run: RunDirectory) -> Path:
    """The result of the last look at part of a run's data, or at other data."""
    if not run.fivecat_partial.is_file():
        raise RunError(
            "there is no partial result",
            where=run.fivecat_partial,
            hint="leave --partial out, or evaluate a part with lvmctl eval 5cat --max-windows N",
        )
    return run.fivecat_partial


def stale(run: RunDirectory) -> str | None:
    """Why the run has to be evaluated before there is something to report, or None.

    Raises:
        RunError: it has to be, and has no model.
    """
    model = run.best_model.is_file()
    if not run.fivecat.is_file():
        if not model:
            raise RunError(
                "has neither 5cat_results.json nor best_model.pt: there is nothing to report",
                where=run.path,
                hint=f"finish an epoch with lvmctl train --resume {typed(run.path)}",
            )
        return "there is no 5cat_results.json yet"
    if not model:
        return None
    try:  # what is damaged is refused when it is read
        content = read_json(run.fivecat)
        name = FORMAT.partition("/")[0]
        if content["format"].startswith(f"{name}/") and content["format"] != FORMAT:
            return "5cat_results.json was written by another version of lvmctl"
        weights = content["made"]["weights_sha256"]
    except (RunError, LookupError, TypeError, AttributeError):
        return None
    if weights != sha256_of(run.best_model):
        return "5cat_results.json is of other weights than best_model.pt has"
    return None


def read(run: RunDirectory, key: str, source: Path | None = None) -> Inputs:
    """The files of ``run``, with the figures of ``source`` (``5cat_results.json`` by default).

    Raises:
        RunError: one of them is damaged, or there are no figures.
    """
    source = source or run.fivecat
    with readable(source, run):
        result = run.read(source)
        if result["format"] != FORMAT:
            raise ValueError(f"its format is {result['format']!r}, not {FORMAT!r}")
    history = run.read_records()
    manifest = run.read(run.manifest) if run.manifest.exists() else {}
    config = run.read(run.config)
    return Inputs(key, run, source, result, history, config, manifest)


@contextmanager
def readable(path: Path, run: RunDirectory) -> Iterator[None]:
    """What is missing or misplaced in ``path``, a file of ``run``, ends as one line that names it.

    Where it lies too deep to be looked at when the file is read, it shows when it is drawn.
    """
    if path in (run.fivecat, run.fivecat_partial):
        hint = f"make it again with lvmctl eval 5cat {typed(run.path)}"
    else:
        hint = "restore it, or train again"
    try:
        yield
    except RunError as error:
        raise RunError(error.what, where=error.where, hint=error.hint or hint) from error
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        what = f"is damaged ({content_fault(error)})"
        raise RunError(what, where=path, hint=hint) from error

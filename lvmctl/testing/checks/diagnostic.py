"""Checks of diagnostics."""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
import torch

from lvmctl.core.diagnosis import Diagnosis
from lvmctl.core.files import write_json
from lvmctl.core.reporter import SILENT
from lvmctl.data import Split, Splits
from lvmctl.testing.check import (
    CheckFailed,
    Skipped,
    Subject,
    answer_or_refusal,
    check,
    checks_in,
    once_per_subject,
)
from lvmctl.testing.gate_inputs import evaluations, record
from lvmctl.testing.samples import split_of, textlike, textlike_splits, trace

VERDICT = re.compile(r"[A-Z0-9][A-Z0-9 ,'/+-]{0,39}")
RESERVED = ("schema", "verdict", "sentence", "change", "failed")
"""What stands beside the figures in the JSON."""

# ------------------------------------------------------------------ what is diagnosed

STORES: dict[str, Callable[[], Split]] = {
    "one article": lambda: textlike(1),
    "articles of one chunk": lambda: textlike(chunks=1),
    "vectors of two numbers": lambda: textlike(4, dim=2),
    "chunks that are all the same": lambda: split_of([np.tile(np.eye(8)[0], (24, 1))] * 3),
}


def usual(takes: str, place: Path) -> Any:
    """A ``store``, ``splits``, or the history of a ``run`` of five epochs, written to ``place``."""
    if takes == "store":
        return textlike(24)
    if takes == "splits":
        return textlike_splits(12)
    return history(place, [record(epoch, learning(epoch)) for epoch in range(1, 6)])


def odd(takes: str, place: Path) -> dict[str, Any]:
    """What is easily overlooked, by what it is; runs are written below ``place``."""
    if takes == "store":
        return {name: make() for name, make in STORES.items()}
    if takes == "splits":
        return {name: Splits(make(), make(), None, []) for name, make in STORES.items()}
    records = {
        "a run of one epoch": [record(1, learning(1))],
        "a run that was never evaluated": [record(1, {})],
        "a run without any number": [record(1, evaluations()["with every figure nan"])] * 3,
        "a run without an epoch": [],
        "a history that is no list of records": [1, "a", None],
    }
    cut = usual("run", place / "cut")
    cut.write_text(cut.read_text(encoding="utf-8")[:-100], encoding="utf-8")
    return {name: history(place / name, each) for name, each in records.items()} | {
        "a history that is cut short": cut,
        "a directory with a history alone": usual("run", place / "alone").parent,
        "a directory without a history": place,
        "a path where nothing is": place / "nothing",
    }


def learning(epoch: int) -> dict[str, Any]:
    """An evaluation that is a little better in each epoch."""
    figures = {"loss": 1 / epoch, "cos_next": 0.5 - 0.3 / epoch, "cos_anchor": 0.6}
    return evaluations()["as usual"] | figures


def history(place: Path, records: Any) -> Path:
    """The path of a bare ``training_history.json`` in ``place``."""
    place.mkdir(exist_ok=True)
    path = place / "training_history.json"
    write_json(path, records)
    return path


# ------------------------------------------------------------------ the checks


class Trial(NamedTuple):
    """Two diagnoses of the usual data, and whether they changed it."""

    first: Diagnosis
    second: Diagnosis
    changed: bool


@once_per_subject
def trial(subject: Subject) -> Trial:
    """Ask the diagnostic twice about its usual data."""
    with TemporaryDirectory(prefix="lvmctl-check-") as place:
        data = usual(subject.record.takes, Path(place))
        before = trace(data)
        first, second = (diagnosed(subject, data, seed) for seed in (1, 2))
        return Trial(first, second, trace(data) != before)


def diagnosed(subject: Subject, data: Any, seed: int = 0) -> Diagnosis:
    """What the diagnostic says of ``data``.

    Args:
        seed: of NumPy's and torch's global generators, which it should not depend on.
    """
    before = np.random.get_state(), torch.get_rng_state()
    np.random.seed(seed)
    torch.manual_seed(seed)
    try:
        diagnosis = subject.build()(data, SILENT)
    finally:
        np.random.set_state(before[0])
        torch.set_rng_state(before[1])
    if not isinstance(diagnosis, Diagnosis):
        raise CheckFailed(f"it returns a {type(diagnosis).__name__}, not a Diagnosis")
    return diagnosis


@check
def says_it_in_a_sentence(subject: Subject) -> str:
    """It returns a Diagnosis: a verdict of a few words in capitals, one line that ends with a full
    stop, and tables whose rows are as long as their headers."""
    diagnosis = trial(subject).first
    verdict, sentence, change = diagnosis.verdict, diagnosis.sentence, diagnosis.change
    if not isinstance(verdict, str) or not VERDICT.fullmatch(verdict):
        raise CheckFailed(f"the verdict {verdict!r} is not a few words in capitals")
    if not isinstance(sentence, str) or "\n" in sentence or not sentence.endswith("."):
        raise CheckFailed(f"the sentence is not one line with a full stop: {sentence!r}")
    if not isinstance(change, str) or "\n" in change:
        raise CheckFailed(f"what would change it is not one line: {change!r}")
    for table in diagnosis.tables:
        for row in table.rows:
            if len(row) != len(table.header):
                name = table.title or "a table"
                raise CheckFailed(f"a row of {name} does not fit its header: {row}")
    return f"{verdict}: {sentence}"


@check
def figures_are_plain_data(subject: Subject) -> None:
    """Its figures are plain data with names of their own, so that ``--json`` can print them."""
    figures = trial(subject).first.figures
    if not isinstance(figures, dict):
        raise CheckFailed(f"figures is a {type(figures).__name__}, not a dict")
    try:
        json.dumps(figures)
    except (TypeError, ValueError) as error:
        raise CheckFailed(f"the figures are not plain data: {error}") from error
    for name in figures:
        if name in RESERVED:
            raise CheckFailed(f"the figure {name!r} hides the {name} of the diagnosis in the JSON")


@check
def same_subject_same_diagnosis(subject: Subject) -> None:
    """Asked twice about one subject it says the same, whatever was drawn at random meanwhile."""
    first, second, _ = trial(subject)
    for name in ("verdict", "sentence", "change", "failed", "figures", "tables"):
        if repr(getattr(first, name)) != repr(getattr(second, name)):
            raise CheckFailed(f"its {name} changed the second time")


@check
def leaves_its_subject(subject: Subject) -> None:
    """It changes nothing of what it is asked about."""
    if trial(subject).changed:
        raise CheckFailed(f"it changes the {subject.record.takes} it is asked about")


@check
def odd_subjects_end_in_one_line(subject: Subject) -> str:
    """An odd subject, such as one article, articles too short or a damaged history, ends in a
    Diagnosis or in an error of lvmctl of one line."""
    answers = []
    with TemporaryDirectory(prefix="lvmctl-check-") as place:
        for name, data in odd(subject.record.takes, Path(place)).items():
            diagnosis = answer_or_refusal(name, partial(diagnosed, subject, data))
            answers.append(f"{name}: {diagnosis.verdict if diagnosis else 'refused'}")
    return ", ".join(answers)


@check
def plot_can_be_drawn(subject: Subject) -> None:
    """Where it has a plot, the plot can be drawn."""
    plot = trial(subject).first.plot
    if plot is None:
        raise Skipped("it has no plot")
    if importlib.util.find_spec("matplotlib") is None:
        raise Skipped("matplotlib is not installed")
    with TemporaryDirectory(prefix="lvmctl-check-") as place:
        plot().savefig(Path(place) / "plot.svg", format="svg")


CHECKS = checks_in(globals())

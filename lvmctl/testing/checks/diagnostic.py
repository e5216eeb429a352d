"""Checks of diagnostics."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
import torch

from lvmctl.core.diagnosis import Diagnosis
from lvmctl.core.errors import LvmctlError
from lvmctl.core.reporter import SILENT
from lvmctl.testing.check import Check, CheckFailed, Skipped, Subject, check
from lvmctl.testing.inputs.diagnostic_subjects import odd, trace, usual
from lvmctl.testing.inputs.once import once_per_subject

VERDICT = re.compile(r"[A-Z0-9][A-Z0-9 ,'/+-]{0,39}")
TAKEN = ("schema", "verdict", "sentence", "change", "failed")
"""What stands beside the figures in the JSON."""


class Trial(NamedTuple):
    """Two diagnoses of the usual subject, and whether it is another one after them."""

    first: Diagnosis
    second: Diagnosis
    changed: bool


@once_per_subject
def trial(subject: Subject) -> Trial:
    """Ask the diagnostic twice about its usual subject."""
    with TemporaryDirectory(prefix="lvmctl-check-") as place:
        asked = usual(subject.record.takes, Path(place))
        before = trace(asked)
        first, second = (diagnosed(subject, asked, seed) for seed in (1, 2))
        return Trial(first, second, trace(asked) != before)


def diagnosed(subject: Subject, asked: Any, seed: int = 0) -> Diagnosis:
    """What the diagnostic says of ``asked``.

    Args:
        seed: of NumPy's and torch's global generators, which it should not depend on.
    """
    before = np.random.get_state(), torch.get_rng_state()
    np.random.seed(seed)
    torch.manual_seed(seed)
    try:
        found = subject.build()(asked, SILENT)
    finally:
        np.random.set_state(before[0])
        torch.set_rng_state(before[1])
    if not isinstance(found, Diagnosis):
        raise CheckFailed(f"it returns a {type(found).__name__}, not a Diagnosis")
    return found


@check
def says_it_in_a_sentence(subject: Subject) -> str | None:
    """It returns a Diagnosis: a verdict of a few words in capitals, one line that ends with a full
    stop, and tables whose rows are as long as their headers."""
    found = trial(subject).first
    if not isinstance(found.verdict, str) or not VERDICT.fullmatch(found.verdict):
        raise CheckFailed(f"the verdict {found.verdict!r} is not a few words in capitals")
    sentence = found.sentence
    if not isinstance(sentence, str) or "\n" in sentence or not sentence.endswith("."):
        raise CheckFailed(f"the sentence is not one line with a full stop: {sentence!r}")
    if not isinstance(found.change, str) or "\n" in found.change:
        raise CheckFailed(f"what would change it is not one line: {found.change!r}")
    for table in found.tables:
        long = [row for row in table.rows if len(row) != len(table.header)]
        if long:
            raise CheckFailed(
                f"a row of {table.title or 'a table'} does not fit its header: {long[0]}"
            )
    return f"{found.verdict}: {sentence}"


@check
def figures_are_plain_data(subject: Subject) -> str | None:
    """Its figures are plain data with names of their own, so that ``--json`` can print them."""
    figures = trial(subject).first.figures
    if not isinstance(figures, dict):
        raise CheckFailed(f"figures is a {type(figures).__name__}, not a dict")
    try:
        json.dumps(figures)
    except (TypeError, ValueError) as error:
        raise CheckFailed(f"the figures are no plain data: {error}") from error
    taken = [name for name in figures if name in TAKEN]
    if taken:
        raise CheckFailed(
            f"the figure {taken[0]!r} hides the {taken[0]} of the diagnosis in the JSON"
        )
    return None


@check
def same_subject_same_diagnosis(subject: Subject) -> str | None:
    """Asked twice about one subject it says the same, whatever was drawn at random meanwhile."""
    one, two, _ = trial(subject)
    for name in ("verdict", "sentence", "change", "failed", "figures", "tables"):
        if repr(getattr(one, name)) != repr(getattr(two, name)):
            raise CheckFailed(f"its {name} is another one the second time")
    return None


@check
def leaves_its_subject(subject: Subject) -> str | None:
    """It changes nothing of what it is asked about."""
    if trial(subject).changed:
        raise CheckFailed(f"it changes the {subject.record.takes} it is asked about")
    return None


@check
def odd_subjects_end_in_one_line(subject: Subject) -> str | None:
    """An odd subject, such as one article, articles too short or a damaged history, ends in a
    Diagnosis or in an error of lvmctl, told in one line."""
    answers = []
    for name, make in odd(subject.record.takes).items():
        with TemporaryDirectory(prefix="lvmctl-check-") as place:
            try:
                answers.append(f"{name}: {diagnosed(subject, make(Path(place))).verdict}")
            except CheckFailed:
                raise
            except LvmctlError as error:
                if "\n" in str(error):
                    raise CheckFailed(f"{name} ends in several lines: {error}") from error
                answers.append(f"{name}: refused")
            except Exception as error:
                raise CheckFailed(f"{name} ends in {type(error).__name__}: {error}") from error
    return ", ".join(answers)


@check
def plot_can_be_drawn(subject: Subject) -> str | None:
    """Where it has a plot, the plot can be drawn."""
    plot = trial(subject).first.plot
    if plot is None:
        raise Skipped("it has no plot")
    if importlib.util.find_spec("matplotlib") is None:
        raise Skipped("matplotlib is not installed")
    with TemporaryDirectory(prefix="lvmctl-check-") as place:
        plot().savefig(Path(place) / "plot.svg", format="svg")
    return None


CHECKS: tuple[Check, ...] = (
    says_it_in_a_sentence,
    figures_are_plain_data,
    same_subject_same_diagnosis,
    leaves_its_subject,
    odd_subjects_end_in_one_line,
    plot_can_be_drawn,
)

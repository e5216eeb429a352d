"""Each check of diagnostics fails for one that breaks its rule, and for no sound one."""

from __future__ import annotations

import random
from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.figure import Figure
from testing import judged

from lvmctl.core.diagnosis import Diagnosis, Table
from lvmctl.core.errors import DataError
from lvmctl.registry.specs import DiagnosticSpec


def diagnosis(verdict="LENGTH", sentence="The longest article has 24 chunks.", **more):
    return Diagnosis(verdict, sentence, **more)


def sound(split, reporter):
    longest = int(split.lengths.max())
    with reporter.progress("articles", "articles", len(split.lengths)) as done:
        done(1)
    return Diagnosis(
        "LONG ENOUGH",
        f"The longest article has {longest} chunks.",
        {"longest": longest, "mean": float(split.lengths.mean()), "share": float("nan")},
        (Table(("article", "chunks"), ((0, longest),)),),
        plot=Figure,
    )


def refuses(split, reporter):
    if split.lengths.max() < 6 or split.dim < 3:
        raise DataError("holds too little", where=split.name, hint="give more")
    return sound(split, reporter)


def of_splits(splits, reporter):
    return sound(splits.val, reporter)


def of_a_run(path, reporter):
    return diagnosis(figures={"bytes": path.stat().st_size if path.exists() else 0})


def returns_a_dict(split, reporter):
    return {"verdict": "LENGTH"}


def whispers(split, reporter):
    return diagnosis("length")


def rambles(split, reporter):
    return diagnosis("THIS VERDICT IS MUCH TOO LONG FOR A VERDICT")


def never_ends(split, reporter):
    return diagnosis(sentence="The longest article has 24 chunks")


def goes_on(split, reporter):
    return diagnosis(sentence="The longest article\nhas 24 chunks.")


def advises_at_length(split, reporter):
    return diagnosis(change="Longer articles.\nOr more of them.")


def misses_a_cell(split, reporter):
    return diagnosis(tables=(Table(("article", "chunks"), ((0,),), "Lengths"),))


def counts_in_numpy(split, reporter):
    return diagnosis(figures={"longest": split.lengths.max()})


def lists_its_figures(split, reporter):
    return diagnosis(figures=[int(split.lengths.max())])


def hides_its_verdict(split, reporter):
    return diagnosis(figures={"verdict": 3})


def draws_in_numpy(split, reporter):
    return diagnosis(figures={"mean": float(np.random.rand())})


def draws_anew(split, reporter):
    return diagnosis(sentence=f"A figure is {random.random()}.")


def normalises_in_place(split, reporter):
    split.vectors[:] = 0
    return diagnosis()


def writes_beside(path, reporter):
    (path.parent / "notes.txt").write_text("found") if path.is_file() else None
    return diagnosis()


def divides(split, reporter):
    return diagnosis(figures={"share": 1 / int(split.lengths.max() - 1)})


def needs_dimensions(split, reporter):
    return diagnosis(figures={"third": float(split.vectors[0, 2])})


def compares(split, reporter):
    spread = float(split.vectors.std(axis=0).sum())
    return diagnosis(figures={"share": int(1 / spread)} if spread else 1 / spread)


def needs_two(split, reporter):
    return diagnosis(figures={"second": int(split.lengths[1])})


def talks(split, reporter):
    if len(split.lengths) == 1:
        raise DataError("has one article\nand no more")
    return diagnosis()


def reads_blindly(path, reporter):
    return diagnosis(figures={"bytes": path.stat().st_size})


def draws_badly(split, reporter):
    return diagnosis(plot=lambda: 1 / 0)


TARGETS = SimpleNamespace(
    **{
        name: (lambda options, answer=answer: answer)
        for name, answer in list(globals().items())
        if getattr(answer, "__module__", None) == __name__
    }
)
SENTENCE, PLAIN = "says_it_in_a_sentence", "figures_are_plain_data"
SAME, LEAVES = "same_subject_same_diagnosis", "leaves_its_subject"
ODD = "odd_subjects_end_in_one_line"
BROKEN = [
    ("whispers", "store", SENTENCE, "verdict 'length' is not a few words in capitals"),
    ("rambles", "store", SENTENCE, "TOO LONG"),
    ("never_ends", "store", SENTENCE, "not one line with a full stop"),
    ("goes_on", "store", SENTENCE, "not one line with a full stop"),
    ("advises_at_length", "store", SENTENCE, "what would change it is not one line"),
    ("misses_a_cell", "store", SENTENCE, "a row of Lengths does not fit its header: (0,)"),
    ("counts_in_numpy", "store", PLAIN, "int64 is not JSON serializable"),
    ("lists_its_figures", "store", PLAIN, "figures is a list, not a dict"),
    ("hides_its_verdict", "store", PLAIN, "'verdict' hides the verdict"),
    ("draws_in_numpy", "store", SAME, "figures changed"),
    ("draws_anew", "store", SAME, "sentence changed"),
    ("normalises_in_place", "store", LEAVES, "it changes the store"),
    ("writes_beside", "run", LEAVES, "it changes the run"),
    ("divides", "store", ODD, "articles of one chunk ends in ZeroDivisionError"),
    ("needs_dimensions", "store", ODD, "vectors of two numbers ends in IndexError"),
    ("compares", "store", ODD, "chunks that are all the same ends in ZeroDivisionError"),
    ("needs_two", "store", ODD, "one article ends in IndexError"),
    ("talks", "store", ODD, "one article ends in several lines"),
    ("reads_blindly", "run", ODD, "a path where nothing is ends in FileNotFoundError"),
    ("draws_badly", "store", "plot_can_be_drawn", "ZeroDivisionError"),
]


def outcomes(name, takes="store", checks=()):
    target = f"{__name__}:TARGETS.{name}"
    record = DiagnosticSpec(name="x", summary="A diagnostic.", target=target, takes=takes)
    return judged.judged(record, checks)


@pytest.mark.parametrize(
    ("name", "takes"),
    [("sound", "store"), ("refuses", "store"), ("of_splits", "splits"), ("of_a_run", "run")],
)
def test_a_sound_diagnostic_passes(name, takes):
    assert judged.failures(outcomes(name, takes)) == {}


@pytest.mark.parametrize(("name", "takes", "check", "why"), BROKEN)
def test_a_broken_diagnostic_fails_its_check_alone(name, takes, check, why):
    assert why in judged.failures(outcomes(name, takes, [check]))[check]


def test_what_is_no_diagnosis_is_reported():
    failed = judged.failures(outcomes("returns_a_dict"))
    assert failed[SENTENCE] == "it returns a dict, not a Diagnosis"


def test_the_answers_are_noted():
    results = outcomes("refuses")
    assert results[SENTENCE].why == "LONG ENOUGH: The longest article has 24 chunks."
    assert "one article: LONG ENOUGH, articles of one chunk: refused" in results[ODD].why
    assert outcomes("of_a_run", "run")["plot_can_be_drawn"].why == "it has no plot"


def test_random_numbers_of_others_go_on_as_before():
    np.random.seed(5)
    expected = np.random.rand()
    np.random.seed(5)
    outcomes("sound")
    assert np.random.rand() == expected

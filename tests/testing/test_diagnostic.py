"""Each check of diagnostics fails for one that breaks its rule, and for no sound one."""

from __future__ import annotations

import random

import numpy as np
from matplotlib.figure import Figure
from testing.judged import address, fails, judged, passes

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


def normalises_in_place(split, reporter):
    split.vectors[:] = 0
    return diagnosis()


def writes_beside(path, reporter):
    (path.parent / "notes.txt").write_text("found") if path.is_file() else None
    return diagnosis()


def compares(split, reporter):
    spread = float(split.vectors.std(axis=0).sum())
    return diagnosis(figures={"share": int(1 / spread)} if spread else 1 / spread)


def talks(split, reporter):
    if len(split.lengths) == 1:
        raise DataError("has one article\nand no more")
    return diagnosis()


def record(diagnose, takes="store"):
    target = address(lambda options: diagnose)
    return DiagnosticSpec(name="x", summary="A diagnostic.", target=target, takes=takes)


def saying(*texts, **parts):
    """A diagnostic that says the same of everything."""
    return record(lambda split, reporter: diagnosis(*texts, **parts))


def figure(measure, takes="store"):
    """A diagnostic of one figure, ``measure`` of its subject."""
    return record(lambda subject, reporter: diagnosis(figures={"f": measure(subject)}), takes)


SENTENCE, PLAIN = "says_it_in_a_sentence", "figures_are_plain_data"
SAME, LEAVES = "same_subject_same_diagnosis", "leaves_its_subject"
ODD = "odd_subjects_end_in_one_line"

test_a_sound_diagnostic_passes = passes(
    [record(sound), record(refuses), record(of_splits, "splits"), record(of_a_run, "run")]
)

test_a_broken_diagnostic_fails_its_check = fails(
    [
        (record(lambda split, reporter: {"verdict": "LENGTH"}), SENTENCE, "a dict, not a Diagn"),
        (saying("length"), SENTENCE, "verdict 'length' is not a few words in capitals"),
        (saying("THIS VERDICT IS MUCH TOO LONG FOR A VERDICT"), SENTENCE, "TOO LONG"),
        (saying(sentence="It has 24 chunks"), SENTENCE, "not one line with a full stop"),
        (saying(sentence="It has\n24 chunks."), SENTENCE, "not one line with a full stop"),
        (saying(change="Longer.\nOr more."), SENTENCE, "what would change it is not one line"),
        (
            saying(tables=(Table(("article", "chunks"), ((0,),), "Lengths"),)),
            SENTENCE,
            "a row of Lengths does not fit its header: (0,)",
        ),
        (figure(lambda split: split.lengths.max()), PLAIN, "int64 is not JSON serializable"),
        (saying(figures=[24]), PLAIN, "figures is a list, not a dict"),
        (saying(figures={"verdict": 3}), PLAIN, "'verdict' hides the verdict"),
        (figure(lambda split: float(np.random.rand())), SAME, "figures changed"),
        (
            record(lambda split, reporter: diagnosis(sentence=f"It is {random.random()}.")),
            SAME,
            "sentence changed",
        ),
        (record(normalises_in_place), LEAVES, "it changes the store"),
        (record(writes_beside, "run"), LEAVES, "it changes the run"),
        (figure(lambda split: 1 / int(split.lengths.max() - 1)), ODD, "chunk ends in ZeroDivision"),
        (figure(lambda split: float(split.vectors[0, 2])), ODD, "two numbers ends in IndexError"),
        (record(compares), ODD, "chunks that are all the same ends in ZeroDivisionError"),
        (figure(lambda split: int(split.lengths[1])), ODD, "one article ends in IndexError"),
        (record(talks), ODD, "one article is refused in several lines"),
        (figure(lambda path: path.stat().st_size, "run"), ODD, "ends in FileNotFoundError"),
        (saying(plot=lambda: 1 / 0), "plot_can_be_drawn", "ZeroDivisionError"),
    ]
)


def test_the_answers_are_noted():
    results = judged(record(refuses))
    assert results[SENTENCE].why == "LONG ENOUGH: The longest article has 24 chunks."
    assert "one article: LONG ENOUGH, articles of one chunk: refused" in results[ODD].why
    assert judged(record(of_a_run, "run"))["plot_can_be_drawn"].why == "it has no plot"


def test_random_numbers_of_others_go_on_as_before():
    np.random.seed(5)
    expected = np.random.rand()
    np.random.seed(5)
    judged(record(sound))
    assert np.random.rand() == expected

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest
from report.saved import fivecat, write_run

from lvmctl.core.errors import OutputError, RunError, UsageError
from lvmctl.report.job import make_report


@pytest.fixture
def runs(tmp_path, monkeypatch) -> Path:
    """A working directory with runs ``a`` and ``b``."""
    monkeypatch.chdir(tmp_path)
    for name in "ab":
        write_run(Path("runs") / name)
    return tmp_path / "runs"


def test_a_page_of_one_run_lies_in_the_run(runs, reporter, unrendered):
    done = make_report(["a"], None, False, reporter)
    assert done.out == Path("runs/a/report.html")
    assert done.to_dict() == {
        "out": "runs/a/report.html",
        "runs": ["runs/a"],
        "sections": {
            "runs/a": [
                "verdict",
                "training",
                "offsets",
                "margins",
                "ranks",
                "weights",
                "ablations",
                "rollout",
                "coherence",
                "provenance",
            ]
        },
    }
    assert done.out.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert reporter.messages == []


def test_the_same_files_make_the_same_page(runs, reporter, unrendered):
    first = make_report(["a"], None, False, reporter).out.read_bytes()
    assert make_report(["a"], None, False, reporter).out.read_bytes() == first


def test_the_latest_run_is_the_default(runs, reporter, unrendered):
    for name, seconds in (("a", 200), ("b", 100)):
        model = runs / name / "best_model.pt"
        model.touch()
        for file in (model, runs / name / "training_history.json"):
            os.utime(file, (seconds, seconds))
    assert make_report([], None, False, reporter).out == Path("runs/a/report.html")


def test_several_runs_need_a_place_and_must_differ(runs, reporter, unrendered):
    with pytest.raises(UsageError, match=r"several runs.*--out FILE"):
        make_report(["a", "b"], None, False, reporter)
    with pytest.raises(UsageError, match="named twice"):
        make_report(["a", "runs/a"], Path("x.html"), False, reporter)
    done = make_report(["a", "b"], Path("x.html"), False, reporter)
    assert list(done.sections) == ["runs/a", "runs/b"]


def test_only_the_runs_own_page_is_replaced_unasked(runs, reporter, unrendered):
    other = Path("other.html")
    other.write_text("precious")
    with pytest.raises(OutputError, match=r"other.html: already exists.*--force"):
        make_report(["a"], other, False, reporter)
    assert other.read_text() == "precious"
    make_report(["a"], other, True, reporter)
    assert other.read_text(encoding="utf-8").startswith("<!DOCTYPE")
    usual = Path("runs/a/report.html")
    usual.write_text("old")
    make_report(["a"], runs / "b" / ".." / "a" / "report.html", False, reporter)
    assert usual.read_text(encoding="utf-8").startswith("<!DOCTYPE")
    with pytest.raises(OutputError, match="already exists"):
        make_report(["b"], usual, False, reporter)


def test_a_place_that_cannot_be_written_is_refused_before_anything_is_computed(
    runs, reporter, unrendered
):
    (runs / "a" / "5cat_results.json").unlink()
    (runs / "a" / "best_model.pt").touch()
    with pytest.raises(OutputError, match="is a directory"):
        make_report(["a"], runs, False, reporter)
    with pytest.raises(OutputError, match="its directory does not exist"):
        make_report(["a"], runs / "no" / "x.html", False, reporter)
    assert reporter.messages == []


def test_a_run_that_cannot_be_evaluated_here_says_what_to_type(runs, reporter, unrendered):
    (runs / "a" / "5cat_results.json").unlink()
    (runs / "a" / "best_model.pt").touch()
    message = (
        r"^runs/a: there is no 5cat_results.json yet, and evaluating failed "
        r"\(runs/a/config.json: .*\); repair that and run lvmctl eval 5cat runs/a$"
    )
    with pytest.raises(RunError, match=message):
        make_report(["a"], None, False, reporter)
    assert "evaluating as `lvmctl eval 5cat runs/a` does" in reporter.messages[0]
    assert not (runs / "a" / "report.html").exists()


def test_a_run_whose_weights_are_others_is_evaluated_again(runs, reporter, unrendered, monkeypatch):
    calls = []

    class Done:
        def to_dict(self):
            made = fivecat()["made"] | {"weights_sha256": hashlib.sha256(b"others").hexdigest()}
            return fivecat() | {"notices": ["evaluated anew"], "made": made}

    def run_fivecat(registry, run, asked_, screen_):
        calls.append((run, asked_.data, screen_))
        return Done()

    monkeypatch.setattr("lvmctl.evaluation.fivecat.run.run_fivecat", run_fivecat)
    (runs / "a" / "best_model.pt").write_bytes(b"others")
    out = make_report(["a"], None, False, reporter).out
    assert calls == [("runs/a", None, reporter)]
    assert (
        "5cat_results.json is of other weights than best_model.pt has; evaluating as"
        in reporter.messages[0]
    )
    assert "evaluated anew" in out.read_text(encoding="utf-8")
    assert "evaluated anew" in (runs / "a" / "5cat_results.json").read_text(encoding="utf-8")
    make_report(["a"], None, False, reporter)
    assert len(calls) == 1


def test_a_result_of_another_format_is_made_again(runs, reporter, unrendered, monkeypatch):
    path = runs / "a" / "5cat_results.json"
    path.write_text(json.dumps(fivecat() | {"format": "lvmctl.5cat/1"}))
    with pytest.raises(RunError, match=r"its format is 'lvmctl.5cat/1'"):
        make_report(["a"], None, False, reporter)  # there are no weights to evaluate
    (runs / "a" / "best_model.pt").touch()
    with pytest.raises(RunError, match="was written by another version of lvmctl, and evaluating"):
        make_report(["a"], None, False, reporter)


def test_a_partial_look_is_reported_only_where_it_is_asked_for(runs, reporter, unrendered):
    with pytest.raises(RunError, match=r"5cat_partial.json: there is no partial result; leave"):
        make_report(["a"], None, False, reporter, partial=True)
    look = fivecat() | {"partial": ["--max-windows"], "windows": 61}
    (runs / "a" / "5cat_partial.json").write_text(json.dumps(look))
    page = make_report(["a"], None, False, reporter).out.read_text(encoding="utf-8")
    assert "5,200 windows" in page
    assert "partial evaluation" not in page
    done = make_report(["a"], None, False, reporter, partial=True)
    assert done.out == Path("runs/a/report_partial.html")
    page = done.out.read_text(encoding="utf-8")
    assert "61 windows" in page
    assert "a partial evaluation (--max-windows)" in page
    (runs / "a" / "5cat_partial.json").write_text(json.dumps(look | {"verdict": 3}))
    with pytest.raises(RunError, match=r"5cat_partial.json: is damaged.*lvmctl eval 5cat runs/a$"):
        make_report(["a"], None, False, reporter, partial=True)


ABSENT = object()


@pytest.mark.parametrize(
    ("path", "broken"),
    [
        ("name", ABSENT),
        ("predictors", 3.5),
        ("geometry", ABSENT),
        ("verdict.gates", [{}]),
        ("verdict.tests", ["A"]),
        ("sweep.p8", ABSENT),
        ("window_offsets", []),
        ("rank_curve.cuts", "1"),
        ("weights.mean", [1, 2]),
        ("latency.batch_1", None),
        ("data.val", ABSENT),
        ("notices", None),
    ],
)
def test_whatever_is_wrong_is_one_error_that_names_the_file(
    runs, reporter, unrendered, path, broken
):
    *parents, last = path.split(".")
    result = place = fivecat()
    for name in parents:
        place = place[name]
    if broken is ABSENT:
        del place[last]
    else:
        place[last] = broken
    (runs / "b" / "5cat_results.json").write_text(json.dumps(result))
    line = r"runs/b/5cat_results.json: is damaged.*; make it again with lvmctl eval 5cat runs/b$"
    with pytest.raises(RunError, match=line) as error:
        make_report(["b"], Path("x.html"), False, reporter)
    assert error.value.exit_code == 4
    assert not Path("x.html").exists()


def test_of_several_runs_the_damaged_one_is_named(runs, reporter, unrendered):
    (runs / "b" / "5cat_results.json").write_text(json.dumps(fivecat() | {"data": {"val": {}}}))
    with pytest.raises(RunError, match="runs/b/5cat_results"):
        make_report(["a", "b"], Path("x.html"), False, reporter)


def test_a_damaged_history_is_named(runs, reporter, unrendered):
    for text in ('[{"val": {}}]', "[3]", '[{"epoch": 1, "val": 2}]'):
        (runs / "a" / "training_history.json").write_text(text)
        with pytest.raises(RunError, match=r"training_history.json: is damaged"):
            make_report(["a"], None, False, reporter)

"""``lvmctl diagnose all`` with diagnostics that answer at once."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from lvmctl.api import diagnosis
from lvmctl.cli.diagnose import group as module
from lvmctl.core.diagnosis import Diagnosis
from lvmctl.core.errors import DataError, OutputError, UsageError
from lvmctl.registry.find import Origin


def unplottable():
    raise RuntimeError("no\npaper")


ANSWERS = {
    "first": Diagnosis("FINE", "It is fine."),
    "short": DataError("too\nshort"),
    "undrawn": Diagnosis("FINE", "But for the plot.", plot=unplottable),
    "last": Diagnosis("BAD", "It is bad.", {"found": 3}, failed=True),
}


@pytest.fixture
def diagnosed(monkeypatch) -> list[str]:
    return diagnosing(monkeypatch, ANSWERS)


def diagnosing(monkeypatch, answers) -> list[str]:
    """The names of those that were asked; the diagnostics are those of ``answers``, and one that
    takes a run."""
    diagnosed: list[str] = []

    def diagnose(address, subject, level, reporter):
        name = address.removeprefix("mine/")
        diagnosed.append(name)
        print("not for the answer")
        if isinstance(answers.get(name), Exception):
            raise answers[name]
        return answers.get(name, ANSWERS["first"])

    def entry(name: str, takes: str) -> SimpleNamespace:
        origin = Origin("mine", "mine", "1.0", "mine.plugin")
        plugin = SimpleNamespace(origin=origin, distribution="mine", version="1.0")
        record = SimpleNamespace(takes=takes, target="mine.parts:Part")
        return SimpleNamespace(name=name, kind="diagnostic", record=record, plugin=plugin)

    entries = [*(entry(name, "store") for name in answers), entry("after", "run")]
    registry = SimpleNamespace(address=lambda entry: f"mine/{entry.name}")
    monkeypatch.setattr(module, "diagnostics", lambda: (registry, entries))
    monkeypatch.setattr(diagnosis, "diagnose", diagnose)
    return diagnosed


def ask(out=None, run=None, as_json=False) -> int:
    return module.everything.callback(
        store=None, run=run, level=None, out=out, full=False, as_json=as_json
    )


def test_each_answer_is_shown_as_it_comes(diagnosed, capsys, tmp_path):
    assert ask(tmp_path / "found") == 1
    printed = capsys.readouterr()
    assert diagnosed == list(ANSWERS)
    blocks = printed.out.strip().split("\n\n")
    assert blocks[0] == "── mine/first\nFINE: It is fine."
    assert blocks[1] == "── mine/short\nNOT ANSWERED: too short"
    assert blocks[2] == "── mine/undrawn\nFINE: But for the plot."
    assert blocks[3].startswith("NOT DRAWN: diagnostic undrawn of plugin mine")
    assert "no paper" in blocks[3]
    assert blocks[4:] == ["── mine/last\nBAD: It is bad."]
    assert printed.err.count("not for the answer") == 4
    saved = sorted(path.name for path in (tmp_path / "found").iterdir())
    assert saved == ["mine_first.json", "mine_last.json", "mine_undrawn.json"]


FINE, BAD, SHORT, WRONG = ANSWERS["first"], ANSWERS["last"], DataError("short"), UsageError("no")


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ([], 0),
        ([FINE, FINE], 0),
        ([FINE, BAD, FINE], 1),
        # A diagnosis that failed outweighs a fault that came before it.
        ([SHORT, BAD], 1),
        ([BAD, SHORT], 1),
        ([FINE, WRONG, SHORT], 2),
        ([SHORT, WRONG, FINE], 3),
        ([FINE, MemoryError(), RuntimeError("CUDA out of memory"), WRONG], 6),
    ],
)
def test_every_one_is_asked_and_the_worst_is_the_exit_code(monkeypatch, capsys, answers, code):
    named = {str(number): answer for number, answer in enumerate(answers)}
    asked = diagnosing(monkeypatch, named)
    assert ask(as_json=True) == code
    assert asked == list(named)
    faults = json.loads(capsys.readouterr().out)["faults"]
    wrong = {name: each for name, each in named.items() if isinstance(each, Exception)}
    assert list(faults) == [f"mine/{name}" for name in wrong]
    for fault, error in zip(faults.values(), wrong.values()):
        assert fault == str(error) or fault.startswith("not enough memory; use less data")


def test_a_fault_of_lvmctl_itself_is_not_hidden(monkeypatch):
    diagnosing(monkeypatch, {"odd": KeyError("odd")})
    with pytest.raises(KeyError):
        ask()


@pytest.mark.parametrize(
    ("typed", "words"),
    [(("none",), "no such store"), (("synth:iid?articles=2", "--level", "sentence"), "level")],
)
def test_a_store_that_cannot_be_opened_is_refused_once(typed, words):
    result = CliRunner().invoke(module.everything, typed)
    assert isinstance(result.exception, (DataError, UsageError))
    assert words in str(result.exception)
    assert result.stdout == ""


def test_one_object_for_all(diagnosed, capsys, tmp_path):
    assert ask(tmp_path / "found", as_json=True) == 1
    record = json.loads(capsys.readouterr().out)
    assert record["schema"] == "lvmctl.diagnose.all/1"
    assert list(record["diagnoses"]) == ["mine/first", "mine/undrawn", "mine/last"]
    assert list(record["faults"]) == ["mine/short", "mine/undrawn"]
    last = json.loads((tmp_path / "found" / "mine_last.json").read_text())
    assert last == record["diagnoses"]["mine/last"]
    assert (last["schema"], last["found"]) == ("lvmctl.diagnose.last/1", 3)


def test_a_plot_is_drawn_only_to_be_saved(diagnosed, capsys):
    assert ask(as_json=True) == 1
    assert list(json.loads(capsys.readouterr().out)["faults"]) == ["mine/short"]


def test_runs_are_looked_into_where_one_is_named(diagnosed):
    ask(run="p8")
    assert diagnosed == [*ANSWERS, "after"]


@pytest.mark.parametrize("as_json", [False, True])
def test_what_cannot_be_saved_was_printed(diagnosed, capsys, tmp_path, monkeypatch, as_json):
    def save(out, answers):
        raise OutputError("the disk is full")

    monkeypatch.setattr(module, "save", save)
    with pytest.raises(OutputError, match="full"):
        ask(tmp_path / "found", as_json=as_json)
    assert "It is bad." in capsys.readouterr().out


def test_a_place_that_is_taken_is_refused_before_any_is_asked(diagnosed, tmp_path):
    with pytest.raises(OutputError, match="exists"):
        ask(tmp_path)
    assert diagnosed == []

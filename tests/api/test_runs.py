"""What is known of runs from their files: states, metrics, and what is removed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from core.test_run_directory import HOLD
from report.saved import epoch, fivecat, manifest, write_run

from lvmctl.api.run_card import show_run
from lvmctl.api.run_removal import removals, remove
from lvmctl.api.runs import list_runs
from lvmctl.core.errors import OutputError, RunError
from lvmctl.core.run_directory import RunDirectory


@pytest.fixture(autouse=True)
def runs_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def make(name: str, epochs: int = 6, **changes: object) -> Path:
    """A run of ``epochs`` of 6 epochs whose manifest has these changes."""
    records = [epoch(number, 0.4) for number in range(1, epochs + 1)]
    ended = {"outcome": "finished", "exit_code": 0} | changes
    return write_run(Path("runs") / name, history=records, manifest=manifest() | ended)


def states() -> dict[str, str]:
    return {run.name: run.state for run in list_runs()}


@pytest.mark.parametrize(
    ("state", "epochs", "changes"),
    [
        ("finished", 6, {}),
        ("interrupted", 3, {"outcome": "training", "exit_code": None}),
        ("interrupted", 3, {"outcome": "ended: interrupted", "exit_code": 143}),
        ("interrupted", 3, {}),  # to be trained longer, and killed
        ("diverged", 2, {"outcome": "ended: 21 steps", "exit_code": 5}),
        ("diverged", 0, {"outcome": "ended: 21 steps", "exit_code": 5}),
        ("failed", 2, {"outcome": "failed", "exit_code": None}),
        ("failed", 2, {"outcome": "ended: it failed", "exit_code": 2}),
        ("never started", 0, {"outcome": "training", "exit_code": None}),
    ],
)
def test_the_state_of_a_run(state, epochs, changes):
    make("a", epochs, **changes)
    (run,) = list_runs()
    assert (run.state, run.epoch, run.epochs) == (state, epochs, 6)
    assert (run.recipe, run.data) == ("p8", "demonstration data")


def test_a_run_that_a_rule_stopped():
    write_run(Path("runs/a"))
    (run,) = list_runs()
    assert (run.state, run.epoch) == ("stopped", 5)
    assert "margin[last]" in run.why


def test_a_first_epoch_with_a_checkpoint_can_be_resumed():
    run = RunDirectory(make("a", 0, exit_code=None))
    run.checkpoints.mkdir()
    (run.checkpoints / "step_00000012.pt").write_bytes(b"12345")
    assert states() == {"a": "interrupted"}
    assert show_run("a")["checkpoints"] == [{"name": "step_00000012.pt", "step": 12, "bytes": 5}]


def test_a_run_is_running_while_a_live_process_holds_it():
    run = make("a", 3)
    command = [sys.executable, "-c", HOLD, run]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        holder.stdout.readline()
        assert states() == {"a": "running"}
        with pytest.raises(RunError, match=str(holder.pid)):
            removals(["a"])
        holder.kill()
    assert states() == {"a": "interrupted"}


def test_what_is_broken_or_foreign_is_listed_as_such():
    contents = {
        "text": "{",
        "list": "[]",
        "other": '{"recipe": 3, "options": []}',
        "empty": "{}",
        "epochs": '{"recipe": "p8", "options": {"epochs": "x"}}',
    }
    for name, config in contents.items():
        (make(name) / "config.json").write_text(config)
    (make("history") / "training_history.json").write_text('{"a": 1}')
    (make("records") / "training_history.json").write_text("[1, 2]")
    (make("nothing") / "config.json").unlink()
    (make("result") / "5cat_results.json").write_text('{"predictors": [], "name": {}}')
    (make("manifest") / "manifest.json").write_text("3")
    Path("runs/notes").mkdir()
    Path("runs/bert").mkdir()
    Path("runs/bert/config.json").write_text('{"architectures": []}')
    RunDirectory.create(Path("runs/begun"))
    (Path("runs/file")).touch()
    by_name = states()
    assert by_name.pop("notes") == by_name.pop("bert") == "not a run"
    assert by_name.pop("begun") == "never started"
    assert by_name.pop("result") == "finished"
    assert set(by_name.values()) == {"broken"}
    assert len(by_name) == 9
    for name in by_name:
        shown = show_run(name)
        assert shown["state"] == "broken"
        assert "KeyError" not in (shown["why"] or ""), name


def test_the_newest_is_first_and_recipes_can_be_chosen():
    for number, name in enumerate(["b", "c", "a"]):
        weights = make(name) / "best_model.pt"
        weights.touch()
        for file in (weights, RunDirectory(weights.parent).history):
            os.utime(file, (number, number))
    config = Path("runs/c/config.json")
    config.write_text(json.dumps(json.loads(config.read_text()) | {"recipe": "mine/plain"}))
    assert [run.name for run in list_runs()] == ["a", "c", "b"]
    assert [run.name for run in list_runs(recipe="p8")] == ["a", "b"]
    assert [run.name for run in list_runs(recipe="plain")] == ["c"]
    assert [run.name for run in list_runs(Path("runs"), "p7")] == []


def test_metrics_are_those_of_the_evaluation_unless_the_weights_are_others():
    run = RunDirectory(make("a"))
    result = fivecat()["predictors"]
    run_row, direct = (result[name]["in_article"]["filtered"] for name in ("p8", "direct"))
    metrics = list_runs()[0].metrics
    assert metrics["source"] == "5cat_results.json"
    assert metrics["r@5"] == {
        "value": run_row["r@5"],
        "ci": run_row["ci"]["r@5"],
        "direct": direct["r@5"],
        "direct_ci": direct["ci"]["r@5"],
    }
    run.best_model.touch()
    assert list_runs()[0].metrics["source"] == "5cat_results.json"
    run.best_model.write_bytes(b"others")
    metrics = list_runs()[0].metrics
    assert metrics["source"] == "training_history.json"
    assert metrics["r@5"]["value"] == pytest.approx(0.55)
    assert (metrics["r@5"]["ci"], metrics["r@5"]["direct"]) == (None, 0.52)
    assert show_run("a")["evaluations"][0]["stale"]


def test_nothing_measured_is_no_metric():
    run = make("a", 0)
    (run / "5cat_results.json").unlink()
    assert list_runs()[0].metrics is None


def test_a_card_has_what_is_saved():
    run = make("a")
    (run / "report.html").touch()
    card = show_run("a")
    assert (card["state"], card["best"]) == (
        "finished",
        {"epoch": 1, "by": "cos_next", "value": 0.4},
    )
    assert [each["file"] for each in card["evaluations"]] == ["5cat_results.json"]
    assert card["report"]
    assert card["bytes"] > 1000
    Path("runs/notes").mkdir()
    with pytest.raises(RunError):
        show_run("notes")


def test_a_run_is_removed_whole_and_nothing_else(runs_here):
    make("a"), make("ab")
    (removal,) = removals(["a", "runs/a", str(runs_here / "runs/a")])
    assert removal.bytes > 1000
    remove(removal)
    assert os.listdir("runs") == ["ab"]


def test_a_sweep_is_removed_with_its_trials():
    make("grid/one"), make("grid/two")
    Path("runs/grid/grid.json").write_text("{}")
    assert sorted(states()) == ["grid/one", "grid/two"]
    (removal,) = removals(["grid", "grid/one"])
    remove(removal)
    assert os.listdir("runs") == []


def test_what_is_no_run_is_never_removed():
    Path("runs/notes").mkdir(parents=True)
    Path("runs/bert").mkdir()
    Path("runs/bert/config.json").write_text("{}")
    make("a")
    Path("runs/link").symlink_to("a")
    for name in ("notes", "bert", "link", "runs", ".", "missing"):
        with pytest.raises(RunError):
            removals(["a", name])
    assert sorted(os.listdir("runs")) == ["a", "bert", "link", "notes"]


def test_an_interrupted_removal_is_finished_by_the_next(monkeypatch):
    make("a"), make("b")

    def fail(path: object, **_: object) -> None:
        raise OSError(13, "Permission denied", path)

    with monkeypatch.context() as patched:
        patched.setattr("shutil.rmtree", fail)
        with pytest.raises(OutputError, match=r"what is left is in .*\.lvmctl-"):
            remove(removals(["a"])[0])
    assert states() == {"b": "finished"}
    remove(removals(["b"])[0])
    assert os.listdir("runs") == []


def test_a_training_that_begins_meanwhile_is_not_removed():
    make("a")
    (removal,) = removals(["a"])
    with RunDirectory(Path("runs/a")), pytest.raises(RunError):
        remove(removal)
    assert os.listdir("runs") == ["a"]

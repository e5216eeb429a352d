"""What a trial's directory holds, and what is refused about it."""

from __future__ import annotations

import json
import shutil
import threading

import pytest
from edited import edited, editing
from recorder import Recorder
from training.small import DATA, TINY

from lvmctl.core.errors import DataError, LvmctlError, RunError
from lvmctl.core.run_directory import RunDirectory
from lvmctl.registry import load_registry
from lvmctl.training import job
from lvmctl.training.sweep.trials import (
    SweepError,
    Trial,
    check,
    check_comparable,
    differences,
    history,
    state,
    stopped,
)

OPTIONS = TINY | {"epochs": 1}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A finished run of one epoch."""
    run = tmp_path_factory.mktemp("trial") / "run"
    job.start(request(run), Recorder())
    return run


@pytest.fixture
def run(trained, tmp_path):
    """A copy of the finished run, to be perturbed."""
    return shutil.copytree(trained, tmp_path / "run")


def request(out, **changed):
    arguments = {"layers": [("test", OPTIONS)], "sources": {"data": DATA}} | changed
    return job.TrainRequest("p8", out=out, **arguments)


def checked(out, **changed):
    trial = Trial("m", "m", request(out, **changed))
    check(load_registry(), [trial])
    return trial


def test_a_finished_run_is_finished(run):
    assert state(run, 1) == "finished"
    assert stopped(history(run)) is None
    assert checked(run).plan.options.epochs == 1


def test_a_run_with_epochs_to_go_is_begun(run):
    assert state(run, 2) == "begun"


@pytest.mark.parametrize("outcome", ["failed", "ended: no room", "", None])
def test_a_run_that_did_not_say_it_finished_is_begun(run, outcome):
    RunDirectory(run).update_manifest(outcome=outcome)
    assert state(run, 1) == "begun"


@pytest.mark.parametrize("name", ["manifest.json", "training_history.json", "best_model.pt"])
def test_a_run_that_lost_a_file_is_begun(run, name):
    (run / name).unlink()
    assert state(run, 1) == "begun"


@pytest.mark.parametrize("text", ["{", "[1", '"x"'])
def test_damaged_files_count_as_none(run, text):
    for name in ("manifest.json", "training_history.json"):
        (run / name).write_text(text)
    assert history(run) == []
    assert state(run, 1) == "begun"


def test_a_run_that_a_rule_stopped_is_finished(run):
    records = history(run)
    records[-1]["stopped"] = "p8/kill-rule: margin"
    edited(run / "training_history.json").write_text(json.dumps(records))
    RunDirectory(run).update_manifest(outcome="stopped: p8/kill-rule: margin")
    assert stopped(history(run)) == "p8/kill-rule: margin"
    assert state(run, 10) == "finished"


def test_nothing_is_waiting(tmp_path):
    assert state(tmp_path / "none", 1) == "waiting"


def test_what_is_no_run_is_refused_and_kept(tmp_path):
    run = RunDirectory.create(tmp_path / "run")
    assert state(run.path, 1) == "begun"
    with pytest.raises(SweepError, match=r"m: .*not a run directory: it has no config\.json"):
        checked(run.path)
    assert run.checkpoints.is_dir()


def test_a_run_that_ends_soon_is_waited_for_and_one_that_does_not_is_refused(run):
    with RunDirectory(run), pytest.raises(RunError, match="another training writes this run"):
        state(run, 1, wait=0.2)
    holder = RunDirectory(run).__enter__()
    threading.Timer(0.3, holder.__exit__, (None, None, None)).start()
    assert state(run, 1, wait=600) == "finished"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"layers": [("x", OPTIONS | {"lr": 0.1})]}, "lr is 0.1, was 0.0005"),
        (
            {"layers": [("x", OPTIONS | {"temperature": 0.5})]},
            "listwise.temperature is 0.5, was 0.07",
        ),
        ({"losses": ["mse"]}, "losses differs"),
        ({"sources": {"data": DATA + "&seed=3"}}, "the data (content or splits)"),
    ],
)
def test_another_configuration_is_refused(run, changed, message):
    with pytest.raises(SweepError) as caught:
        checked(run, **changed)
    assert caught.value.exit_code == 4
    assert f"trained with another configuration: {message}; name another" in str(caught.value)


def test_another_device_is_refused(run):
    with editing(run / "config.json") as config:
        config["backend"]["device"] = "cuda"
    assert checked(run)
    with pytest.raises(SweepError, match="device is cpu, was cuda"):
        checked(run, device="cpu")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "lvmctl.run/9"}, "was written by another version"),
        ({"splits": 3}, "splits is a whole number"),
        ({"backend": None}, "backend is null"),
    ],
)
def test_a_damaged_configuration_is_refused(run, change, message):
    config = json.loads((run / "config.json").read_text())
    edited(run / "config.json").write_text(json.dumps(config | change))
    with pytest.raises(SweepError, match=message):
        checked(run)


def test_differences_of_recipes_and_options():
    parts = dict.fromkeys(("model", "losses", "kill", "sample", "select"), 1)
    a = {"recipe": "p7", "options": {"lr": 1, "x": 2}, **parts}
    b = {"recipe": "p8", "options": {"lr": 1, "y": None}, **parts}
    assert differences(a, a) == []
    assert differences(a, b) == ["recipe is p7, was p8", "x is 2, was None"]
    assert differences(a, a | {"select": 2}) == ["select differs"]


def test_all_trials_are_checked_and_equal_faults_reported_once(tmp_path):
    wrong = {"layers": [("x", {"lrr": 1})]}
    lost = {"sources": {"data": "nowhere"}}
    states = {"a": {}, "b": lost, "c": wrong, "d": lost}
    trials = [Trial(n, n, request(tmp_path / n, **g)) for n, g in states.items()]
    with pytest.raises(LvmctlError) as caught:
        check(load_registry(), trials)
    message = str(caught.value)
    assert caught.value.exit_code == 3
    assert message.startswith("b, d: nowhere: no such store")
    assert "; c: recipe p8: unknown option 'lrr'" in message
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("other", "fault"),
    [
        ({"sources": {"data": DATA + "&seed=3"}}, "m2 and m0 are validated on different articles"),
        ({"layers": [("test", OPTIONS | {"horizon": 2})]}, "m2 and m0 have different horizons"),
    ],
)
def test_trials_of_other_articles_or_horizons_are_not_compared(tmp_path, other, fault):
    trials = [
        Trial(f"m{i}", "m", request(tmp_path / str(i), **changed))
        for i, changed in enumerate(({}, {}, other))
    ]
    check(load_registry(), trials)
    check_comparable(trials[:2])
    with pytest.raises(DataError, match=fault):
        check_comparable(trials)

"""A run that was killed continues bit for bit."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
from pathlib import Path

import pytest
import torch
from edited import edited, editing
from recorder import Recorder
from training.killed import (
    interrupted_twice,
    train,
    train_on_a_full_disk,
    train_until_killed,
    train_until_signalled,
)

from lvmctl import Run
from lvmctl.core.errors import Interrupted, RunError, UsageError
from lvmctl.core.run_directory import RunDirectory
from lvmctl.training import backend, checkpoint, job

EPOCHS = 6


def state_of(run: Path) -> dict[str, bytes]:
    """Everything that must be equal: history, best model, and the newest checkpoint."""
    newest = max((run / "checkpoints").glob("*.pt"))
    paths = (run / "training_history.json", run / "best_model.pt", newest)
    return {path.name: path.read_bytes() for path in paths}


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory, in_process) -> dict:
    run = tmp_path_factory.mktemp("whole") / "run"
    assert in_process(train, run, EPOCHS, False) == 0
    return state_of(run)


def test_ten_kills_change_nothing(tmp_path, in_process, uninterrupted):
    run, draw, kills, code = tmp_path / "run", random.Random(7), 0, None
    while code != 0:
        resume = run.exists()
        if kills < 12:
            code = in_process(train_until_killed, run, EPOCHS, resume, draw.randint(3, 30))
        else:
            code = in_process(train, run, EPOCHS, resume)
        assert code in (0, -signal.SIGKILL)
        kills += code == -signal.SIGKILL
        if (run / "training_history.json").exists():
            json.loads((run / "training_history.json").read_text())
    assert kills >= 10
    assert state_of(run) == uninterrupted


@pytest.mark.parametrize(
    ("number", "phase"),
    [(signal.SIGINT, "step"), (signal.SIGTERM, "validation"), (signal.SIGINT, "save")],
)
def test_a_signal_saves_and_the_run_goes_on(tmp_path, in_process, uninterrupted, number, phase):
    run = tmp_path / "run"
    assert in_process(train_until_signalled, run, EPOCHS, number, phase) == 128 + number
    assert "interrupted" in json.loads((run / "manifest.json").read_text())["outcome"]
    assert in_process(train, run, EPOCHS, True) == 0
    assert state_of(run) == uninterrupted


def test_a_full_disk_leaves_the_last_checkpoint(trained, tmp_path, in_process):
    run, whole = tmp_path / "run", trained / "1"
    size = max(path.stat().st_size for path in (whole / "checkpoints").glob("*.pt"))
    # The first checkpoint has no optimiser state yet, so it fits where later ones do not.
    assert in_process(train_on_a_full_disk, run, 1, size // 2) == 6
    state = checkpoint.load_latest(RunDirectory(run))
    assert (state["epoch"], state["index"]) == (1, 0)
    assert not [path for path in run.rglob(".*") if not path.name.startswith(".lock")]
    assert in_process(train, run, 1, True) == 0
    assert state_of(run) == state_of(whole)


def test_two_runs_of_one_seed_are_identical_and_another_seed_is_not(make_training):
    runs = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        training = make_training(name, seed=seed, epochs=1)
        training.fit()
        runs.append(training)
    first, same, other = (training.model.state_dict() for training in runs)
    assert all(torch.equal(first[name], same[name]) for name in first)
    assert runs[0].records == runs[1].records
    assert not torch.equal(first["attention.weight"], other["attention.weight"])


def test_training_longer_equals_training_long(trained, tmp_path, uninterrupted):
    run = shutil.copytree(trained / "2", tmp_path / "run")
    job.resume(run, [("command line", {"epochs": str(EPOCHS)})], "auto", Recorder())
    assert state_of(run) == uninterrupted
    assert json.loads((run / "config.json").read_text())["options"]["epochs"] == EPOCHS


def test_a_second_interrupt_ends_at_once(in_process):
    assert in_process(interrupted_twice) == 130


def test_the_exit_code_and_the_hint_of_an_interruption(make_training, monkeypatch):
    training = make_training()
    step = training.step
    monkeypatch.setattr(training, "step", lambda i: (step(i), os.kill(os.getpid(), 15)))
    with (
        training.interrupts,
        pytest.raises(Interrupted, match=r"epoch 1, step 1 of .*--resume") as caught,
    ):
        training.fit()
    assert caught.value.exit_code == 143


@pytest.fixture(scope="module")
def trained(tmp_path_factory, in_process) -> Path:
    """A directory with the runs ``1`` and ``2``, of as many epochs."""
    place = tmp_path_factory.mktemp("trained")
    for epochs in (1, 2):
        assert in_process(train, place / str(epochs), epochs, False) == 0
    return place


@pytest.fixture
def finished(trained, tmp_path) -> Path:
    """A copy of the run of one epoch."""
    return shutil.copytree(trained / "1", tmp_path / "run")


def test_a_resumed_run_keeps_its_options(finished):
    with pytest.raises(UsageError, match=r"lr, order\.hidden cannot change"):
        job.resume(finished, [("--set", {"lr": "1", "order.hidden": "2"})], "auto", Recorder())
    with pytest.raises(UsageError, match="no recipe 'p77'"):
        job.resume(finished, [], "auto", Recorder(), recipe="p77")
    with pytest.raises(UsageError, match="the run trains p8; leave --plugin out"):
        job.resume(finished, [], "auto", Recorder(), recipe="p7")
    job.resume(finished, [], "auto", Recorder(), recipe="p8/p8")
    assert len(Run(finished).history) == 1
    with pytest.raises(UsageError, match="computes on cpu"):
        job.resume(finished, [], "cuda", Recorder())


def test_changed_data_is_refused(finished):
    with editing(finished / "config.json") as config:
        config["splits"]["train"]["content_hash"] = "sha256:other"
    with pytest.raises(RunError, match="content or splits differ"):
        job.resume(finished, [], "auto", Recorder())


@pytest.mark.parametrize(
    ("epochs", "message"),
    [("0", "epochs: 0 is below 1"), ("abc", "epochs"), ("-1", "epochs"), ("1", "has 2 epochs")],
)
def test_epochs_of_a_resumed_run_are_checked_before_anything_changes(
    trained, tmp_path, epochs, message
):
    run = shutil.copytree(trained / "2", tmp_path / "run")
    before = (run / "config.json").read_bytes()
    with pytest.raises(UsageError, match=message):
        job.resume(run, [("command line", {"epochs": epochs})], "auto", Recorder())
    assert (run / "config.json").read_bytes() == before


def test_a_resume_says_where_it_goes_on(make_training):
    training = make_training(epochs=3)
    told = job.where_it_goes_on(training)
    assert told.endswith("starts with epoch 1 of 3")
    training.index = 7
    assert job.where_it_goes_on(training).endswith("goes on in epoch 1 of 3, after step 7")
    training.records, training.stopped = [{"epoch": 1}], "a rule"
    assert "stopped after epoch 1 of 3" in job.where_it_goes_on(training)


def test_an_epoch_with_nothing_to_minimise_is_refused(make_training):
    first = make_training(recipe="p1", losses=["mse:1,3=0"], epochs=2)
    plan = job.with_epochs(first.plan, [("command line", {"epochs": "2"})])
    assert plan.options.epochs == 2
    with pytest.raises(UsageError, match="no loss has a weight above 0 in epoch 3"):
        job.with_epochs(first.plan, [("command line", {"epochs": "5"})])


@pytest.mark.parametrize("left", ["nothing", "half a checkpoint", "a first checkpoint"])
def test_a_run_killed_before_it_trained_starts_again(finished, left):
    whole = state_of(finished)
    for path in [*(finished / "checkpoints").iterdir(), finished / "manifest.json"]:
        if left != "a first checkpoint" or "step_00000000" not in path.name:
            path.unlink()
    (finished / "best_model.pt").unlink()
    edited(finished / "training_history.json").write_text("[]")
    if left == "half a checkpoint":
        (finished / "checkpoints" / "step_00000000.json").write_text("{}")
    job.resume(finished, [], "auto", Recorder())
    assert state_of(finished) == whole
    manifest = json.loads((finished / "manifest.json").read_text())
    assert {"splits", "resumed", "packages"} <= manifest.keys()


@pytest.mark.parametrize("kept", ["best_model.pt", "training_history.json"])
def test_what_was_trained_is_not_trained_over(finished, kept):
    for path in (finished / "checkpoints").iterdir():
        path.unlink()
    for name in {"best_model.pt", "training_history.json"} - {kept}:
        (finished / name).unlink()
    before = {path: path.read_bytes() for path in finished.iterdir() if path.is_file()}
    with pytest.raises(RunError, match=r"no checkpoint is whole.*new run") as caught:
        job.resume(finished, [], "auto", Recorder())
    assert caught.value.exit_code == 4
    assert {path: path.read_bytes() for path in before} == before


def test_without_latest_the_newest_checkpoint_is_named_and_gone_on_from(finished, trained):
    (finished / "checkpoints" / "latest").unlink()
    recorder = Recorder()
    job.resume(finished, [("command line", {"epochs": "2"})], "auto", recorder)
    assert any("going on from step_" in line for line in recorder.messages)
    assert state_of(finished) == state_of(trained / "2")


@pytest.mark.parametrize("content", [b"{", b"[]", b"", b"\xff"])
def test_a_damaged_manifest_is_not_written_over(finished, content):
    (finished / "manifest.json").write_bytes(content)
    with pytest.raises(RunError, match=r"manifest\.json.*move it away") as caught:
        job.resume(finished, [("command line", {"epochs": "2"})], "auto", Recorder())
    assert caught.value.exit_code == 4
    assert (finished / "manifest.json").read_bytes() == content
    assert len(json.loads((finished / "training_history.json").read_text())) == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda config: [],
        lambda config: {key: config[key] for key in config if key != "options"},
        lambda config: config | {"backend": config["backend"] | {"abacus": 1}},
        lambda config: config | {"backend": config["backend"] | {"fp32_switch": "weird"}},
        lambda config: config | {"format": "lvmctl.run/0"},
        lambda config: config | {"model": config["model"] | {"options": {"width": 32}}},
    ],
)
def test_a_damaged_configuration_is_one_line(finished, change):
    config = json.loads((finished / "config.json").read_text())
    edited(finished / "config.json").write_text(json.dumps(change(config)))
    with pytest.raises(RunError) as caught:
        job.resume(finished, [], "auto", Recorder())
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 4


@pytest.mark.parametrize("name", ["latest", "step_00000007.json"])
def test_damaged_names_and_hashes_cost_no_more_than_a_checkpoint(finished, name):
    whole = state_of(finished)
    (finished / "checkpoints" / name).write_bytes(b"\xff[]")
    recorder = Recorder()
    job.resume(finished, [], "auto", recorder)
    assert any("going on from step_" in line for line in recorder.messages)
    assert state_of(finished) == whole


def test_another_machine_is_reported(finished):
    with editing(finished / "config.json") as config:
        config["backend"]["hardware"] = "Abacus"
    watcher = Recorder()
    job.resume(finished, [], "auto", watcher)
    assert any("Abacus" in line and "not bit-identical" in line for line in watcher.messages)


def test_a_machine_whose_products_round_takes_others(finished, monkeypatch):
    with editing(finished / "config.json") as config:
        config["backend"]["fp32_switch"] = "bf16"
    monkeypatch.setattr(backend, "fp32_error", lambda switch: 2e-3 if switch == "bf16" else 2e-7)
    watcher = Recorder()
    job.resume(finished, [], "auto", watcher)
    assert any("fp32_switch bf16 → none" in line for line in watcher.messages)


def test_what_is_not_a_run(tmp_path):
    with pytest.raises(RunError, match="no such run"):
        job.resume(tmp_path / "nothing", [], "auto", Recorder())
    with pytest.raises(RunError, match=r"no config\.json"):
        job.resume(tmp_path, [], "auto", Recorder())


def test_an_edited_configuration_is_not_resumed(finished):
    config = json.loads((finished / "config.json").read_text())
    config["options"]["lr"] *= 2
    (finished / "config.json").write_text(json.dumps(config))
    with pytest.raises(RunError, match=r"config\.json: changed since .*hashes\.json"):
        job.resume(finished, [], "auto", Recorder())

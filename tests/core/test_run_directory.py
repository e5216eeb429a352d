"""Run directories: made once, locked while written, named after what was trained."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lvmctl.core import run_directory as runs
from lvmctl.core.errors import OutputError, RunError
from lvmctl.core.run_directory import RunDirectory, best_record, new_run

HOLD = """
import sys, time
from pathlib import Path
from lvmctl.core.run_directory import RunDirectory
with RunDirectory(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    return RunDirectory.create(tmp_path / "runs" / "a")


def test_a_new_run_has_its_places(run):
    assert run.path.is_dir()
    assert run.checkpoints.is_dir()
    names = [run.config, run.history, run.manifest, run.best_model, run.checkpoints]
    assert [path.relative_to(run.path).as_posix() for path in names] == [
        "config.json",
        "training_history.json",
        "manifest.json",
        "best_model.pt",
        "checkpoints",
    ]


@pytest.mark.parametrize("there", ["an empty directory", "a file"])
def test_what_exists_is_refused(tmp_path, there):
    path = tmp_path / "taken"
    path.mkdir() if there == "an empty directory" else path.touch()
    with pytest.raises(OutputError) as caught:
        RunDirectory.create(path)
    assert str(caught.value) == f"{path}: already exists; choose another --out, or --resume it"
    assert caught.value.exit_code == 6


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "run"
    with pytest.raises(OutputError, match=r"file/run: cannot be written \("):
        RunDirectory.create(path)


def test_opening_what_is_no_run(tmp_path, run):
    with pytest.raises(RunError, match="no such run directory; runs live in runs/"):
        RunDirectory.open(tmp_path / "missing")
    with pytest.raises(RunError, match=r"not a run directory: it has no config\.json"):
        RunDirectory.open(run.path)
    run.config.write_text("{}")
    assert RunDirectory.open(run.path).path == run.path


def test_reading_says_what_is_wrong(run):
    with pytest.raises(RunError, match=r"manifest\.json: the file is missing"):
        run.read(run.manifest)
    run.manifest.write_text('{"half":')
    with pytest.raises(RunError, match=r"manifest\.json: is not JSON \("):
        run.read(run.manifest)


def test_the_manifest_is_merged(run):
    run.update_manifest(seed=1, outcome="training")
    run.update_manifest(outcome="done", best=float("nan"))
    manifest = json.loads(run.manifest.read_text())
    assert manifest == {"seed": 1, "outcome": "done", "best": None}
    assert run.read(run.manifest) == manifest


def test_a_run_held_by_another_process_is_refused(run):
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, run.path], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout.readline() == "held\n"
        message = rf"another training writes this run \(process {holder.pid}\); wait for it"
        with pytest.raises(RunError, match=message) as caught:
            run.__enter__()
        assert caught.value.exit_code == 4
        holder.send_signal(signal.SIGKILL)
    run.holder.write_text("12345678901234567890")  # whatever it left there
    with run:  # a process that died holds nothing
        assert run.holder.read_text() == str(os.getpid())
    assert not run.holder.exists()
    with run:  # and it can be taken again
        pass


def test_one_process_cannot_hold_a_run_twice(run):
    other = RunDirectory(run.path)
    with run:
        with pytest.raises(RunError, match=rf"\(process {os.getpid()}\)"):
            other.__enter__()
        # The refusal did not take the lock away.
        with pytest.raises(RunError):
            RunDirectory(run.path).__enter__()
    with other:
        pass


def test_a_run_that_vanished_cannot_be_locked(tmp_path):
    with pytest.raises(OutputError, match=r"gone: cannot be written \(no such file"):
        RunDirectory(tmp_path / "gone").__enter__()


def test_names_show_recipe_key_options_and_time(tmp_path):
    run = new_run("p7", {"c": 5, "m": 0.07, "l": 0.1 + 0.2}, tmp_path)
    assert re.fullmatch(r"p7_c5_m0\.07_l0\.3_\d{8}_\d{6}", run.path.name)
    assert new_run("x/p7", {"e": "lstm"}, tmp_path).path.name.startswith("x-p7_elstm_")
    assert new_run("p8", {"w": "0.2,3=0"}, tmp_path).path.name.startswith("p8_w0.2-3-0_")


def test_runs_of_the_same_second_are_numbered(tmp_path, monkeypatch):
    monkeypatch.setattr(runs.time, "strftime", lambda _: "20251104_222516")
    names = [new_run("p8", {"c": 5}, tmp_path).path.name for _ in range(3)]
    first = "p8_c5_20251104_222516"
    assert names == [first, f"{first}_2", f"{first}_3"]
    assert sorted(os.listdir(tmp_path)) == sorted(names)


def test_a_name_taken_at_the_last_moment_is_numbered_too(tmp_path, monkeypatch):
    monkeypatch.setattr(runs.time, "strftime", lambda _: "now")

    def fill(run):
        run.config.write_text("{}")
        (tmp_path / "p8_now").mkdir(exist_ok=True)

    assert new_run("p8", {}, tmp_path, fill).path.name == "p8_now_2"
    assert os.listdir(tmp_path / "p8_now") == []
    assert (tmp_path / "p8_now_2" / "config.json").read_text() == "{}"
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be written"):
        new_run("p8", {}, tmp_path / "file")


@pytest.mark.parametrize(
    ("by", "epoch", "used", "value"),
    [
        ("r@5", 2, "r@5", 0.7),  # the first of equal ones
        ("loss", 2, "loss", -0.2),
        ("mrr@10", 2, "cos_next", 0.7),  # which stands in for what was not measured
        ("cos_next", 2, "cos_next", 0.7),
    ],
)
def test_the_best_epoch_of_each_metric_is_finite(by, epoch, used, value):
    rows = [(0.5, 0.3), (0.7, 0.2), (None, 0.1), (0.7, 0.2), (0.9, None), (float("nan"), 0.1)]
    history = [
        {"epoch": number, "val": {"r@5": r5, "loss": loss, "cos_next": r5}}
        for number, (r5, loss) in enumerate(rows, start=1)
    ]
    best = best_record([{"epoch": 0}, *history], by)
    assert (best["epoch"], best["by"], best["value"]) == (epoch, used, value)
    assert best_record([{"epoch": 1}], by) is None

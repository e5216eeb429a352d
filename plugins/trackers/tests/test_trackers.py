"""What a followed training leaves behind, and that nothing is imported unless it is asked for."""

from __future__ import annotations

import json
import subprocess
import sys
from types import SimpleNamespace

import forked
import pytest
from lvmctl_trackers.follow import scalars

import lvmctl

DATA = "synth:topic?articles=12&chunks=12&dim=8"
TINY = {"layers": 1, "width": 16, "heads": 2, "feedforward": 16, "min_article": 6}


def train(path, **options):
    return lvmctl.train("plain", data=DATA, out=path, epochs=2, seed=0, options=TINY | options)


def events_of(run):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    events = accumulator.EventAccumulator(str(run.path / "tensorboard"))
    events.Reload()
    return events


@pytest.fixture(scope="module")
def followed(tmp_path_factory):
    """A run of two epochs that TensorBoard follows."""
    pytest.importorskip("tensorboard")
    return train(tmp_path_factory.mktemp("runs") / "run", track="tensorboard")


def test_figures_have_the_names_and_values_of_the_history(followed):
    events, history = (
        events_of(followed),
        json.loads((followed.path / "training_history.json").read_text()),
    )
    for name in ("train/loss", "val/loss", "val/r@5", "val/direct/mrr@10"):
        scalar = events.Scalars(name)
        assert [point.step for point in scalar] == [1, 2]
        expected = [scalars(record)[name] for record in history]
        assert [point.value for point in scalar] == pytest.approx(expected, rel=1e-6)


def test_options_are_hyper_parameters_beside_the_best_figures(followed):
    events = events_of(followed)
    assert "best/val/r@5" in events.Tags()["scalars"]
    assert "_hparams_/session_start_info" in events.summary_metadata
    table = events.Tensors("options/text_summary")[0].tensor_proto.string_val[0].decode()
    assert "| batch_size | 32 |" in table
    assert "| recipe | plain |" in table


def test_the_report_lies_beside_the_events(followed):
    page = followed.path / "tensorboard" / "report.html"
    assert page.read_text().startswith("<!DOCTYPE html>")


def test_a_resumed_training_goes_on_in_the_same_folder(followed):
    followed.resume(epochs=3)
    assert [point.step for point in events_of(followed).Scalars("val/loss")] == [1, 2, 3]


def test_wandb_keeps_a_run_that_can_be_sent_later(tmp_path, monkeypatch):
    pytest.importorskip("wandb")
    monkeypatch.delenv("WANDB_MODE", raising=False)
    run = train(tmp_path / "run", track="wandb")
    (file,) = (run.path / "wandb").glob("offline-run-*/run-*.wandb")
    assert b"val/r@5" in file.read_bytes()


def test_a_missing_library_ends_the_command_before_the_training(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(lvmctl.UsageError, match=r"track=tensorboard.*pip install"):
        train(tmp_path / "run", track="tensorboard")
    assert not (tmp_path / "run").exists()


def test_a_library_that_fails_ends_the_command_before_the_training(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "wandb", SimpleNamespace(init=lambda **_: 1 / 0))
    with pytest.raises(lvmctl.PluginError, match=r"wandb.*ZeroDivisionError.*track"):
        train(tmp_path / "run", track="wandb")


def test_without_track_no_tracker_is_imported(tmp_path):
    out = str(tmp_path / "run")
    code = (
        "import sys, lvmctl;"
        f"lvmctl.train('plain', data={DATA!r}, out={out!r}, epochs=1, options={TINY!r});"
        "assert not {'tensorboard', 'wandb', 'torch.utils.tensorboard'} & {*sys.modules}"
    )
    subprocess.run([forked.python(), "-P", "-c", code], check=True)
    assert not (tmp_path / "run" / "tensorboard").exists()


def test_scalars_leave_out_what_is_no_number():
    record = {"epoch": 3, "val": {"r@5": 0.5, "ci": None, "ok": True}, "by": "loss"}
    assert scalars(record) == {"val/r@5": 0.5}

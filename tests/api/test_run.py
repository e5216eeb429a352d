"""Training, opening, resuming, evaluating and diagnosing a run through the door."""

from __future__ import annotations

import json
import os
import shutil

import pytest
from recorder import Recorder
from training.small import DATA, TINY

import lvmctl
from lvmctl.core.errors import DataError, OutputError, RunError, UsageError
from lvmctl.data import open_splits


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    path = tmp_path_factory.mktemp("door") / "store"
    return lvmctl.synth("topic", path, articles=24, chunks=16, dim=16)


@pytest.fixture(scope="module")
def recorder():
    return Recorder()


@pytest.fixture(scope="module")
def run(store, recorder, tmp_path_factory):
    out = tmp_path_factory.mktemp("door") / "run"
    return lvmctl.train("p8", data=store, out=out, epochs=2, seed=3, reporter=recorder, **TINY)


def test_a_run_says_what_was_trained(run, store, recorder):
    assert run.recipe == "p8"
    assert run.config["data"]["data"] == store.source
    options, origins = run.config["options"], run.config["origins"]
    assert (options["epochs"], options["seed"], options["batch_size"]) == (2, 3, 32)
    assert {origins[key] for key in ("epochs", "seed", "batch_size")} == {"lvmctl.train"}
    assert origins["lr"] == "default"
    assert run.manifest["outcome"] == "finished"
    assert run.notices == list(store.split("val").notices[-1:]) != []
    assert [record["epoch"] for record in run.history] == [1, 2]
    assert recorder.epochs == run.history


def test_the_best_epoch_is_the_one_whose_weights_were_kept(run):
    best = max(run.history, key=lambda record: record["val"]["mrr@10"])
    assert run.best == {"value": best["val"]["mrr@10"], "by": "mrr@10", **best}
    result = run.evaluate(pools=("filtered",), global_pool=False).to_dict()
    metrics = result["predictors"]["p8"]
    assert metrics["cos_next"] == pytest.approx(best["val"]["cos_next"], abs=1e-6)
    assert metrics["in_article"]["filtered"]["mrr@10"] == pytest.approx(run.best["value"], abs=1e-6)


def test_its_data_is_there_by_split_until_it_changes(run, store, tmp_path):
    splits = run.splits()
    assert splits.by_name.keys() == {"train", "val", "test"}
    assert splits.val.chunks == len(store.split("val"))
    moved = lvmctl.Run(shutil.copytree(run.path, tmp_path / "moved"))
    config = moved.config
    config["splits"]["val"]["content_hash"] = "sha256:0"
    lvmctl.write_json(moved.path / "config.json", config)
    (moved.path / "hashes.json").unlink()
    with pytest.raises(DataError, match="changed since"):
        moved.splits()


def test_a_run_is_a_path_wherever_a_run_is_asked_for(run, monkeypatch):
    assert os.fspath(run) == str(run.path)
    assert lvmctl.load(run).path == run.path
    assert lvmctl.Run(run).path == run.path
    monkeypatch.chdir(run.path.parent)
    shutil.copytree(run.path, run.path.parent / "runs" / "named")
    assert lvmctl.Run("named").name == "named"
    assert lvmctl.Run().name == "named"


def test_the_same_seed_trains_the_same_run(run, store, tmp_path):
    again = lvmctl.train("p8", data=str(store.path), out=tmp_path / "r", epochs=2, seed=3, **TINY)
    assert again.history == run.history


def test_options_have_many_forms(store, tmp_path):
    more = {"listwise.temperature": 0.2, "order": {"pairs": 2}, "lr": "1e-3"}
    run = lvmctl.train(
        "p8", data=store, out=tmp_path / "r", epochs=1, options=more, **TINY, loss="core/mse:0.5"
    )
    losses = {part["name"]: part for part in run.config["losses"]}
    assert losses["p8/listwise"]["options"]["temperature"] == 0.2
    assert losses["core/mse"]["weight"] == "0.5"
    assert run.config["options"]["lr"] == 1e-3


def test_data_may_be_named_apart(store, tmp_path):
    train, val = store.split("train"), store.split("val")
    run = lvmctl.train("p8", train=train, val=val, out=tmp_path / "r", epochs=1, **TINY)
    splits = run.config["splits"]
    assert (splits["train"]["split"], splits["val"]["split"]) == ("train", "val")


def test_an_experiment_is_laid_under_what_is_given(tmp_path, monkeypatch):
    (tmp_path / "experiments.toml").write_text(
        f'[mine]\nrecipe = "p8"\ndata = "{DATA}"\nlr = 1e-3\nepochs = 4\n'
    )
    monkeypatch.setenv("LVMCTL_EXPERIMENTS", str(tmp_path / "experiments.toml"))
    run = lvmctl.train(experiment="mine", out=tmp_path / "r", epochs=1, **TINY)
    assert run.config["experiment"] == "mine"
    assert (run.config["options"]["lr"], run.config["options"]["epochs"]) == (1e-3, 1)
    with pytest.raises(UsageError, match="experiment mine trains p8"):
        lvmctl.train("p9", experiment="mine")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "nothing to train is named"),
        ({"recipe": "p88"}, "no recipe 'p88'; did you mean"),
        ({"recipe": "p8", "lrr": 1}, "unknown option 'lrr'"),
        ({"recipe": "p8", "epochs": 0}, "epochs: 0 is below 1"),
        ({"recipe": "p8", "device": "tpu"}, "there is no device 'tpu'"),
        ({"recipe": "p8", "data": DATA, "train": [DATA]}, "both name training articles"),
    ],
)
def test_what_cannot_be_trained_is_refused(options, message, tmp_path):
    with pytest.raises(UsageError, match=message):
        lvmctl.train(**options, out=tmp_path / "r")
    assert not (tmp_path / "r").exists()


def test_a_run_is_not_overwritten(run):
    with pytest.raises(OutputError, match="already exists"):
        lvmctl.train("p8", data=DATA, out=run.path, epochs=1, **TINY)


def test_a_resumed_run_is_as_if_it_had_never_ended(run, tmp_path):
    short = lvmctl.train(
        "p8", data=run.config["data"]["data"], out=tmp_path / "r", epochs=1, seed=3, **TINY
    )
    assert short.resume(epochs=2).history == run.history
    with pytest.raises(UsageError, match="the run has 2 epochs already"):
        lvmctl.resume(short, epochs=1)
    with pytest.raises(RunError, match="no such run"):
        lvmctl.resume(tmp_path / "nothing")


def test_it_is_evaluated_beside_baselines_with_intervals(run):
    result = run.evaluate(max_windows=20).to_dict()
    run_row, direct = result["predictors"]["p8"], result["predictors"]["direct"]
    for tree in (run_row, direct):
        low, high = tree["in_article"]["filtered"]["ci"]["r@5"]
        assert low <= tree["in_article"]["filtered"]["r@5"] <= high
    assert "global" in run_row
    assert json.dumps(result)


def test_other_data_is_evaluated_on(run, tmp_path):
    other = lvmctl.synth("topic", tmp_path / "o", articles=12, chunks=16, dim=16, seed=9)
    result = run.evaluate(other, train=other, pools=("filtered",), global_pool=False).to_dict()
    assert result["data"]["val"]["path"] == str(other.path)
    assert result["data"]["train"]["path"] == str(other.path)


def test_baselines_need_no_run(store):
    result = lvmctl.evaluate_baselines(store.split("val"), train=store.split("train")).to_dict()
    assert "run" not in result
    assert {"direct", "ridge", "oracle"} <= set(result["predictors"])


def test_runs_are_compared(run, tmp_path):
    other = shutil.copytree(run.path, tmp_path / "other")
    result = lvmctl.compare([run, other], "centroid").to_dict()
    assert list(result["runs"]) == [run.name, "other"]
    assert result["against"] == "centroid"


def test_five_tests_are_asked_and_kept(run):
    run.fivecat(max_windows=20)
    assert not (run.path / "5cat_results.json").exists()
    assert (run.path / "5cat_partial.json").is_file()
    result = run.fivecat()
    saved = json.loads((run.path / "5cat_results.json").read_text())
    assert saved["verdict"]["outcome"] == result.verdict.outcome
    assert set(saved["predictors"]) >= {"p8", "direct"}


def test_it_is_diagnosed(run):
    diagnosis = run.diagnose()
    assert diagnosis.sentence
    by_history = lvmctl.diagnose("run", run.path / "training_history.json")
    assert by_history.verdict == by_history.verdict.upper()


def test_data_is_diagnosed_by_what_the_diagnostic_takes(store):
    assert lvmctl.diagnose("geometry", store).verdict
    splits = {"train": store.split("train"), "val": store.split("val")}
    assert lvmctl.diagnose("split-parity", **splits, context="3").verdict
    with pytest.raises(UsageError, match="diagnostic geometry: takes a store, not splits"):
        lvmctl.diagnose("geometry", **splits)
    with pytest.raises(UsageError, match="diagnostic run: takes a run"):
        lvmctl.diagnose("run", store)
    with pytest.raises(UsageError, match="no diagnostic 'geom'; did you mean 'geometry'"):
        lvmctl.diagnose("geom", store)


def test_its_page_is_written(run):
    pytest.importorskip("matplotlib")
    assert run.report().name == "report.html"
    assert (run.path / "report.html").is_file()


def test_the_split_of_a_store_without_splits_may_be_named_apart():
    """Wherever a split is named, the store is split alike."""
    whole = lvmctl.open_store(DATA)
    splits = open_splits(train=[f"{DATA}@train"], val=f"{DATA}@val")
    for split in ("train", "val"):
        expected = [article["id"] for article in whole.split(split).articles]
        assert [article["id"] for article in getattr(splits, split).articles] == expected

"""A run with a transform: fitted on its training articles, saved with it, applied wherever it is
used."""

from __future__ import annotations

import json
import shutil
from types import SimpleNamespace

import numpy as np
import pytest
from training.small import DATA, TINY

from lvmctl.cli.main import run as main
from lvmctl.data import open_splits
from lvmctl.data.moments import moments
from lvmctl.data.transforms import Transform, transforms

SETTINGS = [f"--set={key}={value}" for key, value in TINY.items() if key != "batch_size"]


@pytest.fixture
def run_cli(tmp_path, monkeypatch, capsys):
    """``run_cli(*words)`` types a command in ``tmp_path``, in this process."""
    monkeypatch.chdir(tmp_path)

    def run(*words):
        code = main([str(word) for word in words])
        return SimpleNamespace(returncode=code, **capsys.readouterr()._asdict())

    return run


@pytest.fixture
def trained(run_cli, tmp_path):
    """``trained(name, *more)`` trains P8 for two epochs into ``name``."""

    def train(name, *more):
        words = ["train", "--plugin", "p8", "--data", DATA, "--epochs", 2, *SETTINGS]
        done = run_cli(*words, "--set=transform=minus-1", "--out", name, *more)
        assert done.returncode == 0, done.err
        return tmp_path / name, done

    return train


def figures(run_cli, *words):
    done = run_cli("eval", "retrieval", *words, "--json")
    assert done.returncode == 0, done.err
    return json.loads(done.out), done


def test_it_is_fitted_on_the_training_articles_and_kept(trained, run_cli):
    run, done = trained("run")
    assert "minus-1 chunks" in done.err
    splits = open_splits(DATA)
    expected = transforms(moments(splits.train))["minus-1"]
    saved = Transform.load(run / "transform.npz")
    assert saved.name == "minus-1"
    assert saved.mean == pytest.approx(expected.mean, abs=1e-6)
    assert saved.matrix == pytest.approx(expected.matrix, abs=1e-4)

    # Evaluation uses the saved one, for the baselines too: direct's cosine by another way.
    metrics, done = figures(run_cli, run)
    assert "chunks are transformed (minus-1)" in done.err
    assert metrics["data"]["val"]["transform"] == "minus-1"
    val = splits.val
    rows = saved(val.unit_rows(0, len(val.vectors)))
    pairs = [
        rows[start + i] @ rows[start + i + 1]
        for start, length in zip(val.starts, val.lengths)
        for i in range(4, length - 1)
    ]
    assert metrics["predictors"]["direct"]["cos_next"] == pytest.approx(np.mean(pairs), abs=1e-5)
    raw, _ = figures(run_cli, run, "--data", f"{DATA}@val")
    assert raw["predictors"]["direct"]["cos_next"] == pytest.approx(np.mean(pairs), abs=1e-5)


def test_a_resumed_run_goes_on_bit_for_bit_with_the_saved_transform(trained, run_cli, tmp_path):
    whole, _ = trained("whole", "--epochs", 3)
    part, _ = trained("part")
    done = run_cli("train", "--resume", part, "--epochs", 3)
    assert done.returncode == 0, done.err
    history = [json.loads((run / "training_history.json").read_text()) for run in (whole, part)]
    assert history[0] == history[1]

    (part / "transform.npz").unlink()
    done = run_cli("train", "--resume", part, "--epochs", 4)
    assert done.returncode == 4
    assert "transform.npz: cannot be read" in done.err
    done = run_cli("eval", "retrieval", part)
    assert done.returncode == 4
    assert "transform.npz: cannot be read" in done.err


def test_runs_of_different_transforms_are_compared_on_the_same_targets(trained, run_cli, tmp_path):
    minus, _ = trained("minus")
    raw, _ = trained("raw", "--set=transform=none")
    assert not (raw / "transform.npz").exists()
    done = run_cli("eval", "compare", minus, raw, "--json")
    assert done.returncode in (0, 1), done.err
    record = json.loads(done.out)
    alone = [figures(run_cli, run)[0] for run in (minus, raw)]
    assert record["windows"] == alone[0]["windows"] == alone[1]["windows"]
    for run, result in zip((minus, raw), alone):
        value = result["predictors"]["p8"]["in_article"]["filtered"]["r@5"]
        direct = result["predictors"]["direct"]["in_article"]["filtered"]["r@5"]
        gap = record["runs"][run.name]["differences"]["in_article.filtered.r@5"]["value"]
        assert gap == pytest.approx(value - direct, abs=1e-9)


def test_other_data_goes_through_the_runs_transform_and_a_whole_copy_is_enough(
    trained, run_cli, tmp_path
):
    run, _ = trained("run")
    shutil.move(run, tmp_path / "elsewhere")
    other = "synth:topic?articles=8&chunks=24&dim=16&seed=5"
    metrics, _ = figures(run_cli, tmp_path / "elsewhere", "--data", other)
    assert metrics["data"]["val"]["transform"] == "minus-1"


def test_a_transform_the_data_is_too_narrow_for_costs_no_run_directory(run_cli, tmp_path):
    data = "synth:ar1?articles=30&chunks=16&dim=3"
    words = ["train", "--plugin", "p8", "--data", data, *SETTINGS, "--out", "run"]
    done = run_cli(*words, "--set=transform=minus-3")
    assert done.returncode == 3
    assert "too few directions for transform minus-3" in done.err
    assert not (tmp_path / "run").exists()


def test_baselines_without_a_run(run_cli):
    store = "synth:topic?articles=12&chunks=24&dim=8"
    train = "synth:topic?articles=12&chunks=24&dim=8&seed=1"
    words = ["eval", "baselines", "--data", store, "--transform", "whitened"]
    done = run_cli(*words, "--train", train, "--json")
    assert done.returncode == 0, done.err
    assert json.loads(done.out)["data"]["train"]["transform"] == "whitened"
    done = run_cli(*words[:3], f"{store}@val", *words[4:])
    assert done.returncode == 2
    assert "no training articles to fit it on" in done.err
    assert "give --train STORE" in done.err

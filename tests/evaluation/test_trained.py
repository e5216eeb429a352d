"""A run directory as a predictor, and what is said of a damaged one."""

from __future__ import annotations

import hashlib
import json
import math
import os
import shutil
from collections.abc import Callable

import pytest
import torch
from edited import edited
from training.make import train
from training.small import DATA

from lvmctl import Run
from lvmctl.core.errors import PluginError, RunError
from lvmctl.core.runs import find_run
from lvmctl.data import Windows, open_splits
from lvmctl.evaluation.per_window import cosine_metrics
from lvmctl.evaluation.trained import load_run
from lvmctl.registry import load_registry


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    out = tmp_path_factory.mktemp("trained") / "run"
    return train(out, epochs=2)


@pytest.fixture
def trained(finished):
    return load_run(load_registry(), finished.path)


@pytest.fixture
def copy(finished, tmp_path):
    return shutil.copytree(finished.path, tmp_path / "copy")


def validation() -> Windows:
    return Windows(open_splits(DATA).val, 5, 1)


def test_it_predicts_what_the_training_measured(finished, trained):
    windows = validation()
    metrics = cosine_metrics(windows, trained.predictor()(windows))
    best = Run(finished.path).best["val"]
    assert metrics["cos_next"].mean() == pytest.approx(best["cos_next"], abs=1e-6)
    assert metrics["margin.last"].mean() == pytest.approx(best["margin"]["last"], abs=1e-6)


def test_the_row_is_called_by_the_recipe(trained):
    predictor = trained.predictor()
    assert (predictor.name, predictor.kind, predictor.geometry) == ("p8", "run", "cone")
    assert predictor.score is None
    assert trained.predictor("mine").name == "mine"


def test_weights_that_are_no_numbers_are_refused(copy):
    weights = torch.load(copy / "best_model.pt", weights_only=True)
    name = next(iter(weights["model"]))
    weights["model"][name].view(-1)[0] = math.nan
    torch.save(weights, edited(copy / "best_model.pt"))
    with pytest.raises(RunError, match=r"best_model\.pt: 1 tensor .* NaN .*first " + name) as error:
        load_run(load_registry(), copy)
    assert error.value.exit_code == 4


def test_a_run_without_a_best_model_says_how_to_go_on(copy):
    (copy / "best_model.pt").unlink()
    with pytest.raises(RunError, match=r"has no best_model\.pt") as error:
        load_run(load_registry(), copy)
    assert "--resume" in error.value.hint


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ({"model": os.system}, r"best_model\.pt: is damaged"),  # nothing is unpickled
        ({"model": {}, "losses": {}}, "does not fit the model"),
        ({"losses": {}}, "does not fit the model"),
        ([], "does not fit the model"),
    ],
)
def test_weights_of_another_model_are_refused(copy, damage, message):
    torch.save(damage, edited(copy / "best_model.pt"))
    with pytest.raises(RunError, match=message):
        load_run(load_registry(), copy)


def test_a_truncated_file_is_refused(copy):
    whole = (copy / "best_model.pt").read_bytes()
    edited(copy / "best_model.pt").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(RunError, match="is damaged"):
        load_run(load_registry(), copy)


def without(key: str) -> Callable[[dict], dict]:
    return lambda config: {name: value for name, value in config.items() if name != key}


def with_data(sources: object) -> Callable[[dict], dict]:
    return lambda config: config | {"data": sources}


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        *(
            (without(key), RunError, "is not the configuration of a run")
            for key in ("splits", "options", "model", "recipe")
        ),
        *(
            (with_data(sources), RunError, r"config\.json: is damaged: data")
            for sources in (None, [], {"data": 7}, {"ood": [[0]]}, {"train": [None]})
        ),
        (lambda config: config | {"recipe": "p99"}, PluginError, "p99"),
    ],
)
def test_a_configuration_that_is_none_is_refused(copy, change, error, message):
    config = json.loads((copy / "config.json").read_text())
    edited(copy / "config.json").write_text(json.dumps(change(config)))
    with pytest.raises(error, match=message):
        load_run(load_registry(), copy)


def test_the_latest_run_is_found(finished, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RunError, match="there is no finished run"):
        find_run(None)
    for number, name in enumerate(["b", "a", "c"]):
        shutil.copytree(finished.path, tmp_path / "runs" / name)
        os.utime(tmp_path / "runs" / name / "best_model.pt", (number, number))
    (tmp_path / "runs" / "c" / "best_model.pt").unlink()
    assert find_run(None).name == "a"
    assert find_run("b").resolve() == tmp_path / "runs" / "b"
    assert find_run("runs/b").resolve() == tmp_path / "runs" / "b"


def flip_one_bit_of_a_weight(copy):
    path = copy / "best_model.pt"
    state = torch.load(path, weights_only=True)
    next(iter(state["model"].values())).view(-1)[0] *= -1
    torch.save(state, path)


def put_weights_of_another_seed(copy):
    model = load_run(load_registry(), copy).model
    torch.manual_seed(99)
    state = {name: torch.randn_like(value) for name, value in model.state_dict().items()}
    losses = torch.load(copy / "best_model.pt", weights_only=True)["losses"]
    torch.save({"model": state, "losses": losses}, copy / "best_model.pt")


def edit_the_configuration(copy):
    path = copy / "config.json"
    path.write_text(path.read_text().replace('"lr": ', '"lr": 1', 1))


@pytest.mark.parametrize(
    "change", [flip_one_bit_of_a_weight, put_weights_of_another_seed, edit_the_configuration]
)
def test_what_changed_since_it_was_written_is_refused(copy, change):
    change(copy)
    with pytest.raises(RunError, match=r"(config\.json|best_model\.pt): changed since"):
        load_run(load_registry(), copy)


def test_the_hash_is_of_the_weights_that_were_loaded(finished, trained):
    content = finished.best_model.read_bytes()
    assert trained.weights_sha256 == hashlib.sha256(content).hexdigest()

"""Small runs of P1 to P6: what their histories hold, and that they are functions of their seeds."""

from __future__ import annotations

import json

import pytest

import lvmctl

DATA = "synth:topic?articles=24&chunks=16&dim=16"
SMALL = {"width": 16, "layers": 1, "heads": 2, "feedforward": 16, "min_article": 6, "windows": 60}


@pytest.fixture
def history(tmp_path):
    """``history(recipe, epochs=1, name="run", **options)``: the history of a small run."""

    def train(recipe: str, epochs: int = 1, name: str = "run", **options) -> list[dict]:
        arguments = {"data": DATA, "out": tmp_path / name, "epochs": epochs, "device": "cpu"}
        run = lvmctl.train(recipe, **arguments, options=SMALL | options)
        return json.loads((run.path / "training_history.json").read_text())

    return train


def epochs_with(records: list[dict], term: str) -> list[int]:
    return [record["epoch"] for record in records if term in record["train"]]


@pytest.mark.parametrize("recipe", ["p1", "p6"])
def test_squared_error_alone(history, recipe):
    (record,) = history(recipe)
    assert set(record["train"]) == {"loss", "loss_mse"}


@pytest.mark.parametrize("recipe", ["p2", "p3"])
def test_the_guard_begins_in_epoch_six(history, recipe):
    assert epochs_with(history(recipe, epochs=7), "loss_guard") == [6, 7]


def test_the_rollout_begins_in_epoch_four_and_is_heavier_from_seven(history):
    records = history("p4", epochs=7)
    assert epochs_with(records, "loss_rollout") == [4, 5, 6, 7]
    for record in records[3:]:
        train, weight = record["train"], 0.05 if record["epoch"] < 7 else 0.1
        expected = train["loss_mse"] + weight * train["loss_rollout"]
        assert train["loss"] == pytest.approx(expected, rel=1e-5)


def test_the_curriculum_widens(history):
    records = history("p5.1", epochs=4, stages=(1, 2, 1))
    selected = [record["train"]["selected"] for record in records]
    assert selected == pytest.approx([0.3, 0.7, 0.7, 1.0], abs=0.01)
    assert epochs_with(records, "loss_forward") == [1, 2, 3, 4]

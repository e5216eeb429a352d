"""A small P6b run: what its history holds, and that it is a function of its seed."""

from __future__ import annotations

import json

import pytest

import lvmctl

DATA = "synth:topic?articles=24&chunks=16&dim=16"
SMALL = {"width": 16, "layers": 1, "heads": 2, "feedforward": 16, "min_article": 6}


@pytest.fixture
def history(tmp_path):
    """``history(name, epochs=2, **options)``: the history of a small run."""

    def train(name: str, epochs: int = 2, **options) -> list[dict]:
        arguments = {"data": DATA, "out": tmp_path / name, "epochs": epochs, "device": "cpu"}
        run = lvmctl.train("p6b", **arguments, options=SMALL | options)
        return json.loads((run.path / "training_history.json").read_text())

    return train


METRICS = (
    "loss_mse loss_directional pos neg gap ratio lambda_eff loss_share loss_share_target "
    "mse_fraction confidence skipped"
)


def test_the_history_has_the_figures_of_the_reports(history):
    records = history("a", version="1")
    for record in records:
        for part in ("train", "val"):
            assert set(METRICS.split()) <= set(record[part])
    assert records[0]["train"]["loss_share_target"] == pytest.approx(0.10)


def test_a_stage_begins_with_its_epoch(history):
    records = history("stages", epochs=6, version="1", windows=40)
    targets = [record["train"]["loss_share_target"] for record in records]
    assert targets == pytest.approx([0.10, 0.10, 0.20, 0.20, 0.20, 0.25])

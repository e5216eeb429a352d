"""Gates are tried on what a training gives them."""

from __future__ import annotations

import json
import math

import numpy as np
import torch
from recorder import Recorder
from training.small import DATA, TINY

from lvmctl import Batch
from lvmctl.core.batch import FIELDS
from lvmctl.testing.gate_inputs import batches, curricula, fill, records
from lvmctl.testing.samples import trace
from lvmctl.training.job import TrainRequest, start


def paths(tree, *before):
    """Every path of a nested dictionary."""
    if not isinstance(tree, dict):
        return {before}
    return {path for name, each in tree.items() for path in paths(each, *before, name)}


def test_records_are_those_of_a_training(tmp_path):
    request = TrainRequest(
        recipe="p1",
        layers=[("test", TINY | {"epochs": 1, "context": 3})],
        sources={"data": DATA},
        device="cpu",
        out=tmp_path / "run",
    )
    run = start(request, Recorder())
    (written,) = json.loads(run.history.read_text(encoding="utf-8"))
    usual = next(case for case in records()[0] if case.name == "epoch 1 as usual").make()[0]
    of_losses = {("train", "loss_mse"), ("val", "loss_mse")}
    of_gates = {("train", "gate_weight_mean")}
    changed = {path for path in paths(written) ^ paths(usual) if path[:3] != ("val", "5cat", "A")}
    # Which offsets and ceilings there are, the length of the articles decides.
    assert changed - of_losses - of_gates == set()


def test_records_lack_what_is_not_always_measured():
    made = {case.name: case.make()[0] for case in records()[0]}
    assert "val" not in made["epoch 2 without evaluation"]
    assert "r@5" in made["epoch 2 as usual"]["val"]
    assert "r@5" not in made["epoch 2 without ranks"]["val"]
    assert "second_last" not in made["epoch 2 of windows of one chunk"]["val"]["margin"]
    assert math.isnan(made["epoch 50 with every figure nan"]["val"]["direct"]["cos_next"])
    assert made["epoch 50 with every figure 0.0"]["val"]["windows"] > 0


def test_a_record_is_new_each_time():
    case = records()[0][1]
    case.make()[0]["val"].clear()
    assert case.make()[0]["val"]


def test_fill_keeps_counts():
    assert fill({"a": {"b": 0.5, "n": 3}}, -1.0) == {"a": {"b": -1.0, "n": 3}}


def test_batches_have_every_field():
    for case in batches()[0]:
        (batch,) = case.make()
        assert isinstance(batch, Batch)
        assert all(name in batch for name in FIELDS)
        assert torch.allclose(batch.target.norm(dim=-1), torch.ones(len(batch)), atol=1e-6)
    sizes = {case.name: len(case.make()[0]) for case in batches()[0]}
    assert sizes["a batch of one window"] == 1


def test_curricula_are_of_two_trainings():
    sizes = [{len(case.make()[0]) for case in training} for training in curricula()]
    assert sizes == [{252}, {1}]


def test_a_trace_tells_what_changed():
    (batch,) = batches()[0][0].make()
    windows, _ = curricula()[0][0].make()
    record = {"epoch": 1, "val": {"cos_next": math.nan}}
    before = [trace(each) for each in (batch, windows, record)]
    assert before == [trace(each) for each in (batch, windows, record)]
    batch.negatives.add_(1)
    windows.split.vectors[0] += np.float32(1)
    record["val"]["cos_next"] = 0.0
    for old, each in zip(before, (batch, windows, record)):
        assert old != trace(each)

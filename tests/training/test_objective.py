"""What a training minimises: schedules, gates, rollouts, curricula, models told the step."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from training.lab import FILES

from lvmctl import Step
from lvmctl.core.errors import DataError, PluginError, UsageError
from lvmctl.sphere import unit


@pytest.fixture(autouse=True)
def lab(plugged):
    plugged("lvmctl-lab", {"lab": "lab_pkg.plugin"}, FILES)


@pytest.fixture
def train(make_training):
    return lambda **options: make_training(recipe="lab", **{"epochs": 3} | options)


def by_hand(training, epoch: int) -> dict[str, float]:
    """The validation values of the lab's recipe, window by window in float64."""
    windows, model = training.validation.builder.windows, training.model.double()

    def predict(chunk):
        return unit(model.linear(chunk))

    total = {"mse": 0.0, "far": 0.0, "gate": 0.0}
    with torch.no_grad():
        for i in range(len(windows)):
            context = torch.from_numpy(windows.context(np.array([i]))[0]).double()
            row, end = windows.rows[i], windows.split.lengths[windows.article[i]]
            ahead = range(windows.position[i] + 5, min(windows.position[i] + 8, end))
            q, gaps = predict(context[-1]), []
            for position in ahead:
                truth = torch.from_numpy(windows.split.vectors[row + position - ahead[0] + 5])
                truth = unit(truth.double())
                if not gaps:
                    mse = (q - truth).square().mean()
                gaps.append(1 - q @ truth)
                q = predict(q)
            weight = (1.0 if windows.position[i] % 2 == 0 else 0.5) ** 2
            total["mse"] += weight * mse.item()
            total["far"] += weight * sum(gaps).item() / len(gaps)
            total["gate"] += weight
    model.float()
    return {name: value / len(windows) for name, value in total.items()}


def test_weights_gates_and_rollouts_are_what_they_say(train):
    training = train(weight="0,2=3")
    training.fit()
    first, second = (record["val"] for record in training.records[:2])
    assert "loss_far" not in first
    assert first["loss"] == pytest.approx(first["loss_mse"])
    assert second["loss"] == pytest.approx(second["loss_mse"] + 3 * second["loss_far"])
    metrics, expected = training.records[2]["val"], by_hand(training, 3)
    assert metrics["loss_mse"] == pytest.approx(expected["mse"], rel=1e-4)
    assert metrics["loss_far"] == pytest.approx(expected["far"], rel=1e-4)
    assert metrics["gate_weight_mean"] == pytest.approx(expected["gate"])


def test_a_ramp_weighs_every_step(train):
    training = train(weight="0,2~4")
    training.visit(1)
    steps = training.steps
    batch = training.builder.batch(np.arange(4), 1, 0)
    for epoch, index in [(1, 0), (1, 1), (2, 0), (3, 0)]:
        step = Step(epoch, index, 3, steps)
        prediction = training.objective.predict(training.model, batch, step)
        total, values = training.objective(prediction, batch, step)
        weight = 4 * min((epoch - 1 + index / steps) / 2, 1)
        expected = values["loss_mse"] + weight * values["loss_far"]
        assert total.item() == pytest.approx(expected.item(), rel=1e-5)


def test_gradient_flows_through_every_step_of_a_rollout(train):
    training = train()
    batch = training.builder.batch(np.arange(6), 1, 0)
    prediction = training.objective.predict(training.model, batch, Step(1, 0, 3, 1))
    linear, context = training.model.linear, batch.context
    expected = [context[:, -1]]
    for _ in range(3):
        expected.append(unit(linear(expected[-1])))
    assert torch.allclose(prediction.rollout, torch.stack(expected[1:], 1), atol=1e-6)
    grads = [
        torch.autograd.grad(out[2].sum(), linear.weight, retain_graph=True)[0]
        for out in (prediction.rollout.unbind(1), expected[1:])
    ]
    assert torch.allclose(*grads, atol=1e-5)
    assert grads[0].any()


def test_no_rollout_is_computed_while_its_weight_is_zero(train):
    training = train(weight="0,2=1")
    batch = training.builder.batch(np.arange(6), 1, 0)
    for epoch, wanted in ((1, False), (2, True)):
        rollout = training.objective.predict(training.model, batch, Step(epoch, 0, 3, 1)).rollout
        assert (rollout is not None) == wanted


def test_the_future_is_the_article_as_far_as_it_goes(train):
    training = train()
    windows = training.builder.windows
    batch = training.builder.batch(np.arange(len(windows)), 1, 0)
    assert batch.future.shape == (len(windows), 3, windows.split.dim)
    assert torch.equal(batch.future[:, 0], batch.target)
    last = windows.split.lengths[windows.article] - windows.position - 5
    assert batch.future_mask.sum(1).tolist() == np.minimum(last, 3).tolist()
    deep = np.flatnonzero(last >= 3)
    expected = unit(torch.from_numpy(windows.split.vectors[windows.rows[deep] + 7]))
    assert torch.allclose(batch.future[deep, 2], expected, atol=1e-6)


def test_a_model_is_told_every_step_and_its_buffers_are_kept(train, monkeypatch):
    training = train(batch_size=8)
    places, at = [], training.model.at
    monkeypatch.setattr(training.model, "at", lambda step: (places.append(step), at(step)))
    training.fit()
    per_epoch = {e: [s.index for s in places if s.epoch == e] for e in (1, 2, 3)}
    for indices in per_epoch.values():
        steps = indices[-1] + 1  # the evaluation stands at the last step made
        assert indices[:steps] == [*range(steps)]
        assert {*indices[steps:]} == {steps - 1}
    saved = torch.load(training.run.best_model, weights_only=True)["model"]["told"]
    assert saved[0] == training.best["epoch"]


def test_a_curriculum_says_what_an_epoch_visits(train, monkeypatch):
    training = train(batch_size=8)
    visited, step = {1: [], 2: [], 3: []}, training.step
    monkeypatch.setattr(
        training, "step", lambda i: (visited[training.epoch].extend(i.tolist()), step(i))
    )
    training.fit()
    position = training.builder.windows.position
    for epoch, windows in visited.items():
        assert sorted(windows) == np.flatnonzero(position < epoch).tolist()
        record = training.records[epoch - 1]
        assert record["train"]["selected"] == pytest.approx(np.mean(position < epoch))
    steps = sum(-(-len(windows) // 8) for windows in visited.values())
    assert (training.run.checkpoints / f"step_{steps:08d}.pt").exists()


def test_a_curriculum_resumes_bit_for_bit(train, make_training):
    whole, part = train(name="whole", batch_size=8), train(name="part", batch_size=8)
    whole.fit()
    part.history = None
    count, step = 0, part.step

    class Stop(Exception):
        pass

    def stopping(index):
        nonlocal count
        step(index)
        count += 1
        if part.epoch == 2 and part.index == 1:
            part.index += 1
            part.save()
            raise Stop

    part.step = stopping
    with pytest.raises(Stop):
        part.fit()
    part.step = step
    part.restore()
    part.fit()
    assert part.run.history.read_text() == whole.run.history.read_text()


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"select": "none"}, DataError, "no training window is selected for epoch 1"),
        ({"select": "numbers"}, PluginError, r"gate numbers of plugin lab.*returns bool \("),
    ],
)
def test_a_curriculum_that_selects_nothing_or_nonsense(train, options, error, message):
    with pytest.raises(error, match=message):
        train(**options)


def test_a_sample_gate_of_the_wrong_shape_is_named(train):
    with pytest.raises(PluginError, match=r"gate wrong of plugin lab.*returns .* weights, not"):
        train(gate="wrong").fit()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"weight": "1,0=2"}, "loss far: invalid weight change '0=2'"),
        ({"horizon": 2}, "horizon: 2 is not allowed, it is fixed at 1"),
    ],
)
def test_bad_combinations_are_refused_before_training(train, options, message):
    with pytest.raises(UsageError, match=message):
        train(**options)


def test_all_bad_combinations_are_reported_at_once(train):
    with pytest.raises(UsageError) as caught:
        train(weight="x", lr=-1, horizon=3)
    assert all(word in str(caught.value) for word in ("lr: -1", "fixed at 1"))


def test_an_epoch_with_nothing_to_minimise_is_refused(make_training):
    with pytest.raises(UsageError, match="no loss has a weight above 0 in epoch 2"):
        make_training(losses=["listwise:1,2=0", "previous-repel:0", "order:0,4=1"], epochs=4)


def test_an_evaluation_weighs_as_its_own_epoch_did(make_training):
    losses = ["mse:1,2=0", "cosine:0,2=1"]
    training = make_training(recipe="p1", losses=losses, epochs=3)
    training.fit()
    for record in json.loads(training.run.history.read_text()):
        name = "loss_mse" if record["epoch"] == 1 else "core/cosine.loss_cosine"
        for part in ("train", "val"):
            assert record[part]["loss"] == pytest.approx(record[part][name])


def test_an_added_loss_keeps_its_name_when_others_come_and_go(make_training):
    losses = ["p7/infonce:0,2=.5", "listwise:1,2=0"]
    training = make_training(losses=losses, epochs=3)
    training.fit()
    first, second, third = json.loads(training.run.history.read_text())
    assert "loss_rank" in first["train"]
    assert "p7/infonce.loss_rank" not in first["train"]
    for record in (second, third):
        assert "loss_rank" not in record["train"]
        assert "p7/infonce.loss_rank" in record["train"]


def test_a_rollout_needs_the_next_chunk(make_training):
    with pytest.raises(UsageError, match="loss rollout feeds predictions back, which needs"):
        make_training(recipe="p1", horizon=2, losses=["classic/rollout:.1"])


def test_steps_are_counted_through_epochs(make_training):
    training = make_training(epochs=3, batch_size=64)
    training.reporter.every = training.steps + 1
    training.fit()
    shown = [(step.epoch, step.index) for step, _ in training.reporter.seen]
    assert shown == [(2, 0), (3, 1)]


def test_scalars_of_every_nth_step_are_shown(make_training):
    training = make_training(epochs=1, batch_size=16)
    training.reporter.every = 3
    training.fit()
    assert [step.index for step, _ in training.reporter.seen] == list(range(2, training.steps, 3))
    step, values = training.reporter.seen[0]
    assert (step.epoch, step.steps_per_epoch) == (1, training.steps)
    assert {"loss", "loss_rank", "order_accuracy"} <= set(values)


def test_the_ceiling_stands_beside_the_figures(make_training):
    training = make_training(epochs=1)
    training.fit()
    record = json.loads(training.run.history.read_text())[0]["val"]
    ceiling = record["ceiling"]["margin"]
    assert set(ceiling) == {"last", "second_last", "unseen"}
    assert all(record["margin"][name] <= ceiling[name] for name in ceiling)

"""The training loop: what it records, keeps, skips and stops for."""

from __future__ import annotations

import json
import math
import threading

import numpy as np
import pytest
import torch
from training.small import TINY

from lvmctl.core.errors import DivergedError
from lvmctl.core.run_directory import RunDirectory
from lvmctl.training import validation


def test_the_history_has_every_named_figure(make_training):
    training = make_training(epochs=2)
    training.fit()
    history = json.loads(training.run.history.read_text())
    assert [record["epoch"] for record in history] == [1, 2]
    terms = {"loss", "loss_rank", "loss_margin", "loss_order", "order_accuracy", "alpha_entropy"}
    for record in history:
        assert terms <= set(record["train"])
        val = record["val"]
        assert terms | {"cos_next", "cos_anchor", "r@5", "mrr@10", "chance_r@5"} <= set(val)
        for side in (val, val["direct"]):
            for previous in ("last", "second_last", "unseen"):
                margin = side["cos_next"] - side["cos_prev"][previous]
                # unseen averages fewer windows than cos_next does
                tolerance = 0.05 if previous == "unseen" else 1e-6
                assert side["margin"][previous] == pytest.approx(margin, abs=tolerance)
        total = val["loss_rank"] + 0.5 * val["loss_margin"] + 0.2 * val["loss_order"]
        assert val["loss"] == pytest.approx(total, abs=1e-5)
        assert val["direct"]["cos_prev"]["last"] == pytest.approx(1, abs=1e-6)
        assert 0 <= val["alpha_entropy"] <= math.log(5) + 1e-6


def test_train_figures_are_means_over_windows_not_over_steps(make_training):
    training = make_training(epochs=1, lr=0, dropout=0, batch_size=210)
    training.fit()
    windows = training.builder.windows
    assert 0 < len(windows) % 210 < 20  # the last step is much smaller than the first
    index = np.arange(len(windows))
    context, target = (torch.from_numpy(x(index)) for x in (windows.context, windows.target))
    with torch.no_grad():
        q = training.model(context).q
    gap = (q * target).sum(-1) - (q * context[:, -1]).sum(-1)
    expected = torch.relu(0.07 - gap).mean().item()
    assert training.records[0]["train"]["loss_margin"] == pytest.approx(expected, abs=1e-6)


def test_every_epoch_visits_every_window_once_in_an_order_of_its_own(make_training, monkeypatch):
    training = make_training(epochs=2)
    step, visited = training.step, {1: [], 2: []}
    monkeypatch.setattr(
        training, "step", lambda i: (visited[training.epoch].extend(i.tolist()), step(i))
    )
    training.fit()
    assert sorted(visited[1]) == sorted(visited[2]) == list(range(len(training.builder.windows)))
    assert visited[1] != visited[2]


def test_validation_drops_nothing_out(make_training):
    training = make_training(dropout=0.5)
    training.model.train()
    assert training.validate() == training.validate()
    assert not training.model.training


def test_validation_is_a_mean_over_windows_however_they_are_batched(make_training, monkeypatch):
    training = make_training(recipe="p1")
    whole = training.validate()
    monkeypatch.setattr(validation, "BATCH", len(training.validation.builder.windows) - 3)
    parts = training.validate()
    assert parts["loss"] == pytest.approx(whole["loss"], rel=1e-6)
    assert parts["cos_next"] == pytest.approx(whole["cos_next"], rel=1e-6)


def test_training_lowers_the_loss(make_training):
    training = make_training(epochs=4, lr=3e-3)
    training.fit()
    losses = [record["val"]["loss"] for record in training.records]
    assert losses[-1] < losses[0]


def test_the_history_is_valid_json_at_every_instant(tmp_path):
    run, records = RunDirectory.create(tmp_path / "run"), []
    run.write(run.history, records)
    ended, faults, lengths = threading.Event(), [], []

    def watch():
        while not ended.is_set():
            try:
                lengths.append(len(json.loads(run.history.read_text())))
            except ValueError as error:
                faults.append(error)

    reader = threading.Thread(target=watch)
    reader.start()
    for epoch in range(25):
        records.append({"epoch": epoch, "val": {"note": "x" * 500}})
        run.write(run.history, records)
    ended.set()
    reader.join()
    assert not faults
    assert lengths == sorted(lengths)
    assert len(json.loads(run.history.read_text())) == 25


def poison(training, steps):
    """Make the objective NaN at the given training steps (counted over the whole run)."""
    forward, count = training.objective.forward, iter(range(10_000))

    def poisoned(prediction, batch, step):
        total, values = forward(prediction, batch, step)
        if training.model.training and next(count) in steps:
            return total * math.nan, {name: value * math.nan for name, value in values.items()}
        return total, values

    training.objective.forward = poisoned


def test_non_finite_steps_are_skipped_counted_and_kept_out_of_averages(make_training):
    clean, sick = make_training("clean", epochs=2), make_training("sick", epochs=2)
    poison(sick, {1, 3})
    clean.fit()
    sick.fit()
    assert sick.records[0]["train"]["skipped_steps"] == 2
    assert "skipped_steps" not in sick.records[1]["train"]
    assert "skipped_steps" not in clean.records[0]["train"]
    assert all(math.isfinite(value) for value in sick.records[0]["train"].values())
    assert all(torch.isfinite(weight).all() for weight in sick.model.state_dict().values())


def test_a_skipped_step_leaves_the_weights_alone(make_training):
    training = make_training()
    poison(training, {0})
    before = {name: value.clone() for name, value in training.model.state_dict().items()}
    training.model.train()
    training.step(training.builder.windows.rows[:4] * 0)
    assert training.skipped == 1
    for name, value in training.model.state_dict().items():
        assert torch.equal(value, before[name])
    training.step(training.builder.windows.rows[:4] * 0)
    assert not torch.equal(
        training.model.state_dict()["attention.weight"], before["attention.weight"]
    )


def test_too_many_non_finite_steps_end_with_code_5(make_training):
    training = make_training(epochs=2, max_skips=2)
    poison(training, set(range(100)))
    with pytest.raises(DivergedError, match=r"3 steps had a non-finite.*epoch 1, step 3") as caught:
        training.fit()
    assert caught.value.exit_code == 5
    assert not training.run.best_model.exists()
    assert json.loads(training.run.history.read_text()) == []


@pytest.mark.parametrize("by", ["mrr@10", "loss"])
def test_the_best_model_is_the_best_epoch_by_its_metric(make_training, monkeypatch, by):
    training = make_training(epochs=4, best_by=by)
    # The last is as good as the best, which came first.
    values = {1: 0.5, 2: 0.7, 3: 0.6, 4: 0.5 if by == "loss" else 0.7}
    saved = {}
    validate = training.validate

    def lines():
        saved[training.epoch] = {k: v.clone() for k, v in training.model.state_dict().items()}
        return validate() | {by: values[training.epoch]}

    monkeypatch.setattr(training, "validate", lines)
    training.fit()
    best = 1 if by == "loss" else 2
    assert training.best["epoch"] == best
    assert training.best["by"] == by
    weights = torch.load(training.run.best_model, weights_only=True)["model"]
    assert all(torch.equal(weights[name], saved[best][name]) for name in weights)


@pytest.mark.parametrize("by", ["mrr@10", "loss"])
def test_a_model_of_nothing_finite_is_never_best(make_training, by):
    training = make_training(epochs=1, lr=1000.0, best_by=by, max_skips=1000)
    with pytest.raises(DivergedError, match=r"no evaluation gave finite figures|non-finite"):
        training.fit()
    assert not training.run.best_model.exists()


def test_an_epoch_of_nothing_but_skipped_steps_ends_the_training(make_training):
    training = make_training(epochs=1, max_skips=1000)
    poison(training, set(range(1000)))
    with pytest.raises(DivergedError, match=f"{training.steps} steps had a non-finite"):
        training.fit()
    assert not training.run.best_model.exists()


def test_a_list_without_negatives_trains(make_training):
    training = make_training(epochs=1, negatives=0, in_batch=2)
    training.fit()
    assert len(training.records) == 1


def test_a_rule_that_stops_between_evaluations_still_leaves_a_best_model(make_training):
    training = make_training(epochs=9, eval_every=9)
    training.hooks.call = lambda name, **_: ["enough"] if name == "lvmctl_after_epoch" else []
    training.fit()
    assert (len(training.records), training.stopped) == (1, "enough")
    assert training.run.best_model.exists()


def test_nan_is_never_best(make_training, monkeypatch):
    training = make_training(epochs=2, best_by="cos_next")
    validate, values = training.validate, iter([0.1, math.nan])
    monkeypatch.setattr(training, "validate", lambda: validate() | {"cos_next": next(values)})
    training.fit()
    assert training.best["epoch"] == 1
    assert json.loads(training.run.history.read_text())[1]["val"]["cos_next"] is None


def test_short_articles_are_judged_by_cosine(make_training):
    training = make_training(epochs=1, min_article=1000)
    training.fit()
    assert training.best["by"] == "cos_next"
    assert "r@5" not in training.best["val"]
    assert training.best["val"]["in_article_windows"] == 0


def test_evaluation_can_wait(make_training):
    training = make_training(epochs=5, eval_every=2)
    training.fit()
    assert ["val" in record for record in training.records] == [False, True, False, True, True]


def test_gradients_are_clipped_to_the_norm(make_training, monkeypatch):
    training = make_training(clip=0.01)
    norms = []
    step = training.optimizer.step
    monkeypatch.setattr(
        training.optimizer,
        "step",
        lambda: (
            norms.append(torch.nn.utils.get_total_norm([p.grad for p in training.parameters])),
            step(),
        ),
    )
    training.model.train()
    training.step(training.builder.windows.position[:8])
    assert float(norms[0]) == pytest.approx(0.01, rel=1e-4)


def test_the_kill_rule_is_off_by_default_and_says_why_when_on(make_training):
    assert make_training("off").plan.kill == ()
    training = make_training("on", epochs=4, kill_rule=True)
    training.fit()
    assert "p8/kill-rule" in training.stopped
    assert "margin[last] -" in training.stopped
    history = json.loads(training.run.history.read_text())
    assert len(history) == 2
    assert history[-1]["stopped"] == training.stopped


def test_bf16_trains_to_the_same_cosine(make_training):
    epochs = []
    for precision in ("fp32", "bf16"):
        training = make_training(precision, epochs=3, precision=precision, lr=2e-3)
        training.fit()
        epochs.append(training.records[-1]["val"]["cos_next"])
    assert epochs[0] == pytest.approx(epochs[1], abs=0.01)
    assert epochs[0] != epochs[1]


@pytest.mark.parametrize(
    ("data", "options"),
    [
        ("synth:ar1?articles=20&chunks=8&dim=16", {"context": 1}),
        ("synth:ar1?articles=20&chunks=12&dim=16", {"context": 3, "horizon": 2}),
        ("synth:ar1?articles=20&chunks=8&dim=7", {"context": 6, "batch_size": 1}),
        ("synth:iid?articles=20&chunks=9&dim=33", {"encoder": "lstm", "batch_size": 1000}),
    ],
)
def test_odd_shapes_train(make_training, data, options):
    training = make_training(data=data, epochs=1, **options)
    training.fit()
    assert math.isfinite(training.best["val"]["cos_next"])
    assert (training.options.context >= 2) == (
        "second_last" in training.records[0]["val"]["margin"]
    )


def test_the_lstm_is_an_option(make_training):
    training = make_training(epochs=1, **TINY | {"encoder": "lstm"})
    training.fit()
    assert "encoder.recurrent.weight_ih_l1" in training.model.state_dict()

"""Small P7 runs: what their histories hold, and that they are functions of their seeds."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from lvmctl import Interrupted, Reporter, Windows
from lvmctl.core.run_directory import RunDirectory
from lvmctl.data import open_splits
from lvmctl.plan import make_plan
from lvmctl.registry import load_registry
from lvmctl.training.backend import choose_backend
from lvmctl.training.loop import Training

DATA = "synth:topic?articles=24&chunks=16&dim=16"
TINY = {"layers": 1, "width": 16, "heads": 2, "feedforward": 16, "min_article": 6, "batch_size": 32}
EPOCHS = 4


class After(Reporter):
    """Shows nothing; ``after`` is called with the record of each epoch."""

    def __init__(self) -> None:
        self.after: Callable[[dict], None] = lambda record: None

    def epoch(self, record, epochs, windows_per_s):
        self.after(record)


def training(run: RunDirectory, data: str = DATA, **options) -> Training:
    registry = load_registry()
    plan = make_plan(registry, "p7", [("test", TINY | {"epochs": EPOCHS} | options)])
    splits = open_splits(data)
    shape = (plan.options.context, plan.options.horizon)
    windows = Windows(splits.train, *shape), Windows(splits.val, *shape)
    return Training(plan, registry, run, *windows, choose_backend("cpu", "fp32"), After())


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Callable[..., Training]:
    """``trained(name, **options)``: a finished training in a directory of its own."""
    place: Path = tmp_path_factory.mktemp("p7")

    def train(name: str, **options) -> Training:
        done = training(RunDirectory.create(place / name), **options)
        done.fit()
        return done

    return train


@pytest.fixture(scope="module")
def baseline(trained) -> Training:
    return trained("baseline")


def test_the_history_has_the_figures_of_the_reports(baseline):
    assert [record["epoch"] for record in baseline.records] == [1, 2, 3, 4]
    for record in baseline.records:
        train, val = record["train"], record["val"]
        expected = {"loss", "loss_rank", "loss_margin", "gate_weight_mean"}
        expected |= {"anchor_lambda", "raw_anchor_cosine", "anchored_cosine"}
        expected |= {"loss_teacher"} if record["epoch"] <= 2 else set()
        assert set(train) == expected
        assert expected <= set(val)
        assert ("loss_teacher" in val) == (record["epoch"] <= 2)
        # Neighbours of this world all have the same cosine, so no window moves on
        # (docs/methods.md#data).
        assert train["gate_weight_mean"] == val["gate_weight_mean"] == 0.25
        assert -1 <= train["raw_anchor_cosine"] <= 1
        assert -1 <= val["cos_anchor"] <= 1
        assert {"last", "second_last", "unseen"} <= set(val["margin"])


def test_the_loss_is_the_weighted_sum_of_its_terms(baseline):
    for record in baseline.records:
        train = record["train"]
        expected = train["loss_rank"] + 0.5 * train["loss_margin"]
        expected += 0.2 * train.get("loss_teacher", 0.0)
        assert train["loss"] == pytest.approx(expected, rel=1e-5)


def test_a_learned_lambda_moves_within_its_bounds(baseline):
    lambdas = [record["train"]["anchor_lambda"] for record in baseline.records]
    assert len(set(lambdas)) == EPOCHS
    # λ is stored in float32.
    assert all(0.6 - 1e-7 <= value <= 0.9 + 1e-7 for value in lambdas)


@pytest.mark.parametrize("start", [0.6, 0.9])
def test_at_its_bounds_lambda_stays_within_them(trained, start):
    records = trained(f"bound{start}", anchor_lambda=start, lr=0.05, epochs=2).records
    for record in records:
        for value in (record["train"]["anchor_lambda"], record["val"]["anchor_lambda"]):
            assert 0.6 - 1e-7 <= value <= 0.9 + 1e-7


def test_a_fixed_lambda_stays_where_it_is(trained):
    records = trained("fixed", learn_lambda=False, anchor_lambda=0.7, epochs=3).records
    lambdas = [record["train"]["anchor_lambda"] for record in records]
    assert lambdas == pytest.approx([0.7] * 3, abs=1e-6)
    assert len(set(lambdas)) == 1


def test_the_gate_weighs_windows_one_by_one(trained):
    done = trained("gated", data="synth:iid?articles=24&chunks=16&dim=16", epochs=1)
    windows = done.builder.windows
    every = np.arange(len(windows))
    context, target = windows.context(every), windows.target(every)
    to_next = (context[:, -1] * target).sum(axis=1)
    to_before = (context[:, -1] * context[:, -2]).sum(axis=1)
    weights = np.where(to_next - to_before < 0.03, 0.25, 1.0)
    gate_weight = done.records[0]["train"]["gate_weight_mean"]
    assert 0.3 < gate_weight < 0.95
    assert gate_weight == pytest.approx(weights.mean(), abs=1e-6)


def test_the_gate_is_an_option(trained, baseline):
    records = trained("open", gate=False, epochs=1).records
    assert "gate_weight_mean" not in records[0]["train"]
    assert records[0]["train"]["loss"] > baseline.records[0]["train"]["loss"]


def test_the_anchor_penalty_and_the_cosine_are_logged(trained):
    (record,) = trained("all", w_anchor=0.5, w_cosine=1.0, epochs=1).records
    train = record["train"]
    expected = train["loss_rank"] + 0.5 * train["loss_margin"] + 0.2 * train["loss_teacher"]
    expected += 0.5 * train["loss_anchor"] + train["loss_cosine"]
    assert train["loss"] == pytest.approx(expected, rel=1e-5)


def test_drift_stops_a_run_where_it_is_asked_to(trained):
    options = {"p7/drift-stop.cos_anchor": 1.0, "stop_on_drift": True}
    done = trained("drift", **options)
    assert len(done.records) == 1
    assert done.stopped.startswith("p7/drift-stop: cos_anchor +")
    assert done.records[0]["stopped"] == done.stopped


def test_a_resumed_run_is_the_uninterrupted_one(tmp_path, baseline):
    run = RunDirectory.create(tmp_path / "run")
    first = training(run)

    def interrupt(record: dict) -> None:
        if record["epoch"] == 2:
            first.interrupts.received = signal.SIGTERM

    first.reporter.after = interrupt
    with pytest.raises(Interrupted):
        first.fit()
    assert len(first.records) == 2
    second = training(RunDirectory(tmp_path / "run"))
    second.restore()
    assert second.epoch == 3
    second.fit()
    assert second.records == baseline.records

"""What a model shows besides q."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn
from training.make import train
from training.small import DATA

from lvmctl import LossOutput, Prediction
from lvmctl.core.errors import PluginError
from lvmctl.data import Windows, open_split, open_splits
from lvmctl.evaluation.fivecat import internals as module
from lvmctl.evaluation.fivecat.coherence import coherence
from lvmctl.evaluation.fivecat.internals import internals
from lvmctl.evaluation.trained import load_run
from lvmctl.nn.objective import Objective
from lvmctl.plan import PlannedPart
from lvmctl.registry import Entry, Plugin, load_registry
from lvmctl.registry.find import Origin
from lvmctl.registry.specs import LossSpec, ModelSpec
from lvmctl.sphere import centroid, unit


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    out = tmp_path_factory.mktemp("internals") / "run"
    train(out)
    return load_run(load_registry(), out)


@pytest.fixture(scope="module")
def windows():
    return Windows(open_splits(DATA).train, 5, 1)


def test_the_losses_metrics_are_counted_window_by_window(trained, windows):
    measured = internals(trained, windows).metrics
    assert set(measured) == {"order_accuracy"}
    values, rows = measured["order_accuracy"]
    assert np.array_equal(rows, np.arange(len(windows)))
    assert set(values) == {0.0, 0.5, 1.0}  # shares of two pairs
    verifier = trained.objective.losses[-1]
    builder = trained.objective.alone([2]).batches(windows)
    for article in np.unique(windows.article)[:3]:
        index = np.flatnonzero(windows.article == article)
        batch = builder.batch(index, int(index[0]))
        metrics = verifier(Prediction(batch.target), batch, None).metrics
        assert values[index].tolist() == metrics["order_accuracy"].tolist()


def test_weights_are_averaged_by_coherence(trained, windows):
    weights = internals(trained, windows).parts["weights"]
    coherent = weights["coherence"]
    assert len(coherent) == 10
    assert coherent == sorted(coherent)
    assert np.mean(coherent) == pytest.approx(coherence(windows).mean(), abs=1e-3)
    assert np.allclose(np.sum(weights["mean"], axis=1), 1, atol=1e-5)
    every = trained.predict(torch.from_numpy(windows.context(np.arange(len(windows)))))
    assert np.allclose(weights["all"], every.weights.mean(dim=0), atol=1e-6)


def test_blocks_change_nothing(trained, windows, monkeypatch):
    whole = internals(trained, windows).parts["weights"]["mean"]
    monkeypatch.setattr(module, "BATCH", 17)
    steps = []
    in_blocks = internals(trained, windows, steps.append).parts["weights"]["mean"]
    assert np.allclose(in_blocks, whole, atol=1e-6)
    assert max(steps) == 17
    assert sum(steps) == len(windows)


class Anchored:
    """A run whose model blends with the context's centroid, and whose loss counts its windows."""

    def __init__(self, fault: Exception | None = None) -> None:
        record = LossSpec(name="count", summary="A count.", target="mine:Count")
        plugin = Plugin(Origin("mine", "mine", "1", "mine"), "ok", 2, (record,))
        part = PlannedPart(Entry(record, plugin), None)
        model = ModelSpec(name="m", summary="A model.", target="mine:M", geometry="anchored")
        self.plan = SimpleNamespace(model=PlannedPart(Entry(model, plugin), None))
        self.model, self.calls, self.fault = None, [], fault
        losses = [nn.Module(), nn.Module()]
        losses[0].forward, losses[1].forward = self.silent, self.count
        self.objective = Objective([part, part], losses)

    def predict(self, context, window=None):
        raw = 3 * context[:, 0]
        q = unit(0.8 * context[:, 0] + 0.2 * centroid(context))
        near = context[:, 0, 0]
        return Prediction(q, raw=raw, extras={"blend": torch.tensor(0.8), "near": near})

    def silent(self, prediction, batch, step):
        self.calls.append(len(prediction.q))
        return 0 * prediction.q[:, 0]

    def count(self, prediction, batch, step):
        if self.fault:
            raise self.fault
        assert prediction.q.shape == batch.target.shape == prediction.raw.shape
        number = torch.tensor(float(len(prediction.q)))
        metrics = {"seen": number, **prediction.extras}
        return LossOutput({"far": 0 * prediction.q[:, 0]}, metrics)


def test_what_losses_log_and_what_a_model_adds_is_kept():
    windows = Windows(open_split("synth:topic?articles=5&chunks=90&dim=8"), 3, 1)
    run = Anchored()
    q, metrics, parts = internals(run, windows)
    assert np.allclose(np.linalg.norm(q, axis=1), 1, atol=1e-6)
    assert len(parts["extras"]["near"]) == 300 < len(windows)
    assert metrics["seen"].values.tolist() == [87.0] * len(windows)
    # A loss is shown what the model says of the article's windows, and of all.
    assert metrics["blend"].values == pytest.approx(0.8)
    assert metrics["near"].values == pytest.approx(windows.context()[:, 0, 0])
    assert run.calls == [87]  # a loss that logs nothing is asked once
    assert "weights" not in parts
    extras = parts["extras"]
    assert extras["blend"] == pytest.approx(0.8)
    some = np.linspace(0, len(windows) - 1, 300).astype(int)
    assert extras["near"] == pytest.approx(windows.context(some)[:, 0, 0].tolist())


def test_the_fault_of_a_loss_carries_its_name():
    windows = Windows(open_split("synth:topic?articles=2&chunks=9&dim=8"), 3, 1)
    with pytest.raises(PluginError, match=r"loss count of plugin mine.*no"):
        internals(Anchored(RuntimeError("no")), windows)


def test_a_loss_of_rollouts_is_shown_its_rollout(tmp_path):
    train(tmp_path / "run", "p4", w_rollout="1", windows=60)
    run = load_run(load_registry(), tmp_path / "run")
    seen = []

    def watching(prediction, batch, step):
        seen.append((prediction.rollout, prediction.q))
        return LossOutput({"far": prediction.q[:, 0]}, {"seen": prediction.rollout.mean()})

    run.objective.losses[1].forward = watching
    val = Windows(open_splits(DATA).val, 5, 1)
    _, metrics, _ = internals(run, val)
    assert len(metrics["seen"].values) == len(val)
    for rollout, q in seen:
        assert rollout.shape == (len(q), 3, q.shape[1])
        assert torch.equal(rollout[:, 0], q)
        assert torch.allclose(rollout.norm(dim=-1), torch.ones(len(q), 3))

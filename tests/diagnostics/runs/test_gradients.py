"""Gradients whose size and direction are known, and faults planted into models and gates."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn
from training.small import DATA, TINY

from lvmctl.config import describe
from lvmctl.core.run_directory import RunDirectory
from lvmctl.data import Windows, open_splits
from lvmctl.diagnostics.runs.gradients import (
    Gradients,
    Pull,
    batch_indices,
    gradient_findings,
    measure_gradients,
    optimiser_moments,
    trainable,
)
from lvmctl.evaluation.trained import Trained
from lvmctl.nn.objective import Objective
from lvmctl.plan import make_plan
from lvmctl.registry import load_registry
from lvmctl.registry.build import build


@pytest.fixture(scope="module")
def windows():
    return Windows(open_splits(DATA).train, 5, 1)


@pytest.fixture
def made(tmp_path):
    """``made(recipe, losses, **options)``: an untrained run as it is read from disk."""

    def make(recipe, losses=(), **options):
        registry = load_registry()
        known = describe(registry.get("recipe", recipe).record.options)
        small = {info.name: TINY[info.name] for info in known if info.name in TINY}
        plan = make_plan(registry, recipe, [("test", small | options)], losses)
        shape = plan.shape(16)
        torch.manual_seed(0)
        model = build(registry, plan.model.entry, options=plan.model.options, shape=shape)
        objective = Objective.of(registry, plan.losses, plan.sample, shape)
        run = RunDirectory(tmp_path)
        return Trained(run, {}, plan, 16, model.eval(), objective.eval(), None, "")

    return make


def measured(trained, windows, epoch=1, batches=2):
    return measure_gradients(trained, windows, epoch, batches, 0)


def test_blocks_are_different_windows():
    blocks = batch_indices(100, 32, 8, 0)
    assert [len(block) for block in blocks] == [32, 32, 32, 4]
    assert sorted(np.concatenate(blocks)) == list(range(100))
    assert [len(block) for block in batch_indices(1000, 32, 2, 0)] == [32, 32]


def test_a_norm_is_that_of_the_gradient_of_the_weighted_loss(made, windows):
    trained = made("p1", ["core/cosine:0.25"])
    result = measured(trained, windows, batches=1)
    (index,) = batch_indices(len(windows), TINY["batch_size"], 1, 0)
    batch = trained.objective.batches(windows).batch(index, 1, 0)
    trained.model.zero_grad()
    q = trained.model(batch.context).q
    (0.25 * (1 - (q * batch.target).sum(-1)).mean()).backward()
    slow = torch.cat([p.grad.flatten() for p in trained.model.parameters()]).norm().item()
    cosine = next(pull for pull in result.pulls if pull.name == "cosine")
    assert cosine.gradient == pytest.approx(slow, rel=1e-5)
    assert cosine.weight == 0.25
    assert cosine.alignment == pytest.approx(1, abs=1e-5)
    assert sum(pull.share for pull in result.pulls) == pytest.approx(1)
    mse = next(pull for pull in result.pulls if pull.name == "mse")
    # MSE of unit vectors is 2(1 - cos)/D.
    assert mse.gradient == pytest.approx(4 * slow * 2 / 16, rel=1e-4)


def test_the_order_verifier_pulls_at_nothing_of_the_model(made, windows):
    result = measured(made("p8"), windows)
    by_name = {pull.name: pull for pull in result.pulls}
    assert by_name["order"].gradient == by_name["order"].share == 0
    assert by_name["listwise"].gradient > 0
    assert result.untouched == []


def test_a_loss_without_weight_at_the_epoch_pulls_at_nothing(made, windows):
    trained = made("p7")
    assert "teacher-floor" in [pull.name for pull in measured(trained, windows, epoch=2).pulls]
    assert "teacher-floor" not in [pull.name for pull in measured(trained, windows, 3).pulls]


def test_rollouts_are_predicted_as_far_as_a_loss_asks(made, windows):
    result = measured(made("p4"), windows, epoch=5)
    assert {pull.name for pull in result.pulls} == {"mse", "rollout"}
    assert all(pull.gradient > 0 for pull in result.pulls)


def test_scores_are_what_a_ranker_s_losses_pull_at(made, windows):
    result = measured(made("p9", context=5), windows)
    by_name = {pull.name: pull for pull in result.pulls}
    assert by_name["pool-rank"].gradient > 0
    assert by_name["pool-query"].gradient > 0
    # Scores have nothing to do with q, so neither has what they pull at.
    assert by_name["pool-rank"].alignment == pytest.approx(0, abs=1e-6)
    assert by_name["pool-query"].alignment > 0
    assert result.untouched == []


def test_sample_gates_weigh_what_the_losses_pull_at(made, windows):
    trained, plain = made("p7"), made("p7", gate=False)
    with_gate, without = measured(trained, windows), measured(plain, windows)
    (gate,) = trained.objective.gates
    weights = torch.cat(
        [
            gate(trained.objective.batches(windows).batch(index))
            for index in batch_indices(len(windows), TINY["batch_size"], 2, 0)
        ]
    )
    low, mean, high = with_gate.gates["directional-gate"].values()
    assert (low, high) == (weights.min().item(), weights.max().item())
    assert mean == pytest.approx(weights.mean().item())
    assert without.gates == {}
    weighed = {pull.name: pull.gradient for pull in with_gate.pulls}
    assert all(weighed[pull.name] != pull.gradient for pull in without.pulls)


def test_a_detached_parameter_is_named(made, windows):
    trained = made("p7")

    class Detached(nn.Module):
        def __init__(self, inner):
            super().__init__()
            self.inner = inner
            self.unused = nn.Parameter(torch.zeros(3))

        def forward(self, context):
            prediction = self.inner(context)
            return replace(prediction, q=prediction.q + 0 * self.unused.sum())

    trained = replace(trained, model=Detached(trained.model))
    result = measured(trained, windows)
    assert result.untouched == ["model.unused"]
    assert result.evidence == "no gradient on these windows"
    findings = {f.name: f for f in gradient_findings(result, 1, poor=False)}
    assert "model.unused: no gradient" in findings["frozen-parameter"].evidence


def test_lambda_receives_gradient_and_is_frozen_when_it_is_not_one(made, windows):
    trained = made("p7")
    assert measured(trained, windows).untouched == []
    trained.model.anchor_lambda.requires_grad_(False)
    assert measured(trained, windows).untouched == ["model.anchor_lambda"]


def checkpoint(trained, moments):
    """A newest checkpoint whose optimiser has these second moments."""
    places = trained.run.checkpoints
    places.mkdir()
    states = {i: {"exp_avg_sq": m} for i, m in enumerate(moments) if m is not None}
    groups = [{"params": list(range(len(moments)))}]
    saved = {"optimizer": {"state": states, "param_groups": groups}}
    torch.save(saved, places / "step_00000001.pt")
    (places / "latest").write_text("step_00000001.pt\n")


def test_the_optimiser_remembers_who_never_had_a_gradient(made, windows):
    trained = made("p8")
    names = list(trainable(trained))
    moments = [torch.ones(2) for _ in names]
    moments[1], moments[4] = None, torch.zeros(2)
    checkpoint(trained, moments)
    result = measured(trained, windows)
    assert result.untouched == [names[1], names[4]]
    assert "optimiser" in result.evidence


def test_a_loss_that_has_had_no_weight_yet_is_not_reported(made, windows):
    trained = made("p8", ["order:0,5=1"])
    names = list(trainable(trained))
    checkpoint(trained, [None if name.startswith("order") else torch.ones(1) for name in names])
    assert measured(trained, windows, epoch=2).untouched == []
    assert len(measured(trained, windows, epoch=5).untouched) > 0


@pytest.mark.parametrize("damage", ["none", "torn", "foreign", "empty", "others"])
def test_without_a_checkpoint_gradients_are_examined(made, windows, damage):
    trained = made("p8")
    if damage != "none":
        checkpoint(trained, [None] if damage == "empty" else [torch.ones(1)])
    if damage == "torn":
        (trained.run.checkpoints / "step_00000001.pt").write_bytes(b"PK")
    if damage == "foreign":
        torch.save({"optimizer": 3}, trained.run.checkpoints / "step_00000001.pt")
    if damage in ("none", "empty"):
        assert optimiser_moments(trained) is None
    result = measured(trained, windows)
    assert result.untouched == []
    assert result.evidence.startswith("no gradient on these windows")
    assert ("cannot be read" in result.evidence) == (damage in ("torn", "foreign"))


def test_a_gate_that_weighs_is_seen_and_one_that_does_not_is_found(made, windows):
    weighs = measured(made("p7", gate_threshold=0.0), windows)
    assert weighs.gates["directional-gate"]["low"] == 0.25
    assert weighs.gates["directional-gate"]["high"] == 1.0
    assert list(gradient_findings(weighs, 1, poor=False)) == []
    constant = measured(made("p7", gate_threshold=2.0), windows)
    (finding,) = gradient_findings(constant, 1, poor=False)
    assert finding.name == "constant-gate"
    assert "gives each of 64 training windows the weight 0.25" in finding.evidence


def gradients(*pulls):
    return Gradients(tuple(Pull(n, 1.0, g, s, a) for n, g, s, a in pulls), {}, 99, [], "")


def test_a_loss_dominates_where_it_explains_a_poor_prediction():
    result = gradients(("mse", 1.0, 0.1, 1.0), ("directional", 9.0, 0.9, -0.4))
    (finding,) = gradient_findings(result, 4, poor=True)
    assert (finding.name, finding.epoch) == ("loss-domination", 4)
    assert "norm 9, 9.0 times that of all other losses" in finding.evidence
    assert list(gradient_findings(result, 4, poor=False)) == []
    settled = gradients(("mse", 1.0, 0.5, 1.0), ("directional", 1.0, 0.5, -0.7))
    assert len(list(gradient_findings(settled, 4, poor=True))) == 1
    towards = gradients(("margin", 1.0, 0.1, -0.4), ("infonce", 9.0, 0.9, 0.3))
    assert list(gradient_findings(towards, 4, poor=True)) == []
    alone = gradients(("infonce", 9.0, 1.0, -0.3), ("order", 0.0, 0.0, 0.0))
    assert list(gradient_findings(alone, 4, poor=True)) == []


def test_a_directional_loss_under_pressure_dominates(made, windows):
    pressed = made("p6b", version="1", share=5.0, lambda_max=5.0)
    pulls = {pull.name: pull for pull in measured(pressed, windows).pulls}
    assert pulls["directional"].share > 0.8
    calm = {pull.name: pull for pull in measured(made("p6b", version="1"), windows).pulls}
    assert calm["directional"].share < pulls["directional"].share

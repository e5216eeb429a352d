"""Steps without the host: they compute what the loop computes, and some can be recorded."""

from __future__ import annotations

import contextlib
import copy

import numpy as np
import pytest
import torch

from lvmctl.core.batch import Step
from lvmctl.core.errors import DivergedError, UsageError
from lvmctl.core.schedule import Schedule
from lvmctl.training import graphed
from lvmctl.training.state import load_state, state_dict

RECIPES = ["p1", "p2", "p3", "p4", "p5", "p6", "p6b", "p7", "p8"]


def figures(record: dict, path: tuple = ()) -> dict:
    """All numbers of a record by their paths."""
    found = {}
    for name, value in record.items():
        if isinstance(value, dict):
            found |= figures(value, (*path, name))
        elif isinstance(value, float):
            found[(*path, name)] = value
    return found


@pytest.mark.parametrize("clip", [0.0, 0.01, 1.0])
def test_a_training_without_the_host_is_the_same(make_training, clip):
    trainings = []
    for graph in (False, True):
        trainings.append(make_training(f"graph-{graph}", clip=clip, graph=graph, epochs=2))
        trainings[-1].fit()
    plain, other = trainings
    assert len(plain.records) == len(other.records) == 2
    for mine, wanted in zip(other.records, plain.records):
        assert figures(mine) == pytest.approx(figures(wanted), rel=1e-5, abs=1e-7)
    for a, b in zip(other.parameters, plain.parameters):
        assert torch.allclose(a, b, rtol=1e-5, atol=1e-7)
    assert not other.graphed.late
    assert other.graphed.why_not is None


class Replayed:
    """A CUDA graph as it looks from outside: recording computes nothing, replaying computes with
    what the held tensors hold, into the same output."""

    made = 0
    steps: graphed.GraphedSteps

    def replay(self) -> None:
        type(self).made += 1
        values, finite = self.steps.compute(self.steps.held, self.now)
        for name, value in values.items():
            self.steps.output[0][name].copy_(value)
        self.steps.output[1].copy_(finite)


@contextlib.contextmanager
def recorded(graph: Replayed):
    """What :class:`torch.cuda.graph` does to everything but the graph: nothing."""
    training = graph.steps.training
    graph.now = training.now()
    before = copy.deepcopy(state_dict(training))
    means, late = training.means, graph.steps.late
    yield
    load_state(training, before)
    training.means, graph.steps.late = means, late


def test_a_graph_is_recorded_once_an_epoch_and_replayed(make_training, monkeypatch):
    wanted = make_training("plain", epochs=3)
    wanted.fit()
    training = make_training("graphed", graph=True, epochs=3)
    monkeypatch.setattr(Replayed, "steps", training.graphed, raising=False)
    monkeypatch.setattr(Replayed, "made", 0)
    monkeypatch.setattr(torch.cuda, "CUDAGraph", Replayed)
    monkeypatch.setattr(torch.cuda, "graph", recorded)
    training.graphed.on_gpu = True
    training.fit()
    whole = len(training.builder.windows) // 32
    # The first three steps of all and the first of each epoch are made, and smaller last ones.
    assert Replayed.made == 3 * whole - 3 - 1 - 1
    for mine, record in zip(training.records, wanted.records):
        assert figures(mine) == pytest.approx(figures(record), rel=1e-4, abs=1e-5)


def test_what_cannot_be_recorded_is_made_step_by_step(make_training, monkeypatch):
    trainings = []
    for graph in (False, True):
        training = make_training(f"graph-{graph}", graph=graph, epochs=1)
        training.graphed.on_gpu = graph
        trainings.append(training)

    @contextlib.contextmanager
    def failing(graph):
        raise RuntimeError("operation not permitted when stream is capturing\nand more")
        yield

    monkeypatch.setattr(torch.cuda, "CUDAGraph", Replayed)
    monkeypatch.setattr(torch.cuda, "graph", failing)
    for training in trainings:
        torch.manual_seed(1)
        training.fit()
    mine, wanted = (figures(training.records[0]) for training in reversed(trainings))
    assert mine == pytest.approx(wanted, rel=1e-4, abs=1e-5)


def test_the_host_looks_late_and_misses_nothing(make_training, monkeypatch):
    monkeypatch.setattr(graphed, "LOOK", 3)
    training = make_training(graph=True, epochs=1, batch_size=8)
    training.reporter.every = 2
    looked = []
    look = training.graphed.look
    monkeypatch.setattr(
        training.graphed, "look", lambda: looked.append(len(training.graphed.late)) or look()
    )
    training.fit()
    assert training.steps > 6
    assert max(looked) == 3
    assert sum(looked) == training.steps
    assert training.records[0]["train"].keys() >= {"loss"}


def test_a_step_that_is_not_finite_changes_nothing(make_training):
    training = make_training(graph=True, max_skips=5)
    training.model.train()
    index = np.arange(8)
    training.step(index)
    before = [p.detach().clone() for p in training.parameters]
    state = [s["step"].clone() for s in training.optimizer.state.values()]
    compute = training.objective.forward
    training.objective.forward = lambda *given: (
        compute(*given)[0] * torch.nan,
        compute(*given)[1],
    )
    training.step(index)
    assert all(torch.equal(a, b) for a, b in zip(training.parameters, before))
    assert all(torch.equal(a["step"], b) for a, b in zip(training.optimizer.state.values(), state))
    assert training.skipped == 0
    training.graphed.look()
    assert training.skipped == 1
    assert training.means.windows == 8
    for _ in range(5):
        training.step(index)
    with pytest.raises(DivergedError, match="6 steps"):
        training.graphed.look()


@pytest.mark.parametrize("recipe", RECIPES)
def test_which_recipes_can_be_recorded(make_training, recipe):
    training = make_training(recipe=recipe, graph=True, batch_size=16)
    training.model.train()
    training.objective.train()
    training.step(np.arange(16))
    assert training.graphed.why_not is None


@pytest.mark.parametrize(
    ("read", "name"),
    [
        (lambda x: float(x.sum()), "_local_scalar_dense"),
        (lambda x: bool((x > 0).any()), "_local_scalar_dense"),
        (lambda x: x[x > 0], "index"),
        (lambda x: x.nonzero(), "nonzero"),
        (lambda x: x.masked_select(x > 0), "masked_select"),
        (lambda x: torch.equal(x, x), "equal"),
        (lambda x: x.unique(), "unique"),
        (lambda x: x * torch.tensor(2.0), "lift_fresh"),
    ],
)
def test_what_waits_for_the_device_is_named(read, name):
    with graphed.ReadBack() as mode:
        read(torch.randn(4))
    assert name in mode.name


def test_several_processes_are_refused(make_training, monkeypatch):
    monkeypatch.setattr(graphed.processes, "size", lambda: 2)
    with pytest.raises(UsageError, match="graph"):
        make_training(graph=True)


def test_what_does_not_wait_is_not():
    x, some = torch.randn(4, 3, requires_grad=True), torch.tensor([0, 1])
    with graphed.ReadBack() as mode:
        (torch.where(x > 0, x, 0) @ x.T)[some].square().mean().backward()
    assert mode.name is None


def test_a_loss_that_reads_its_value_is_not_recorded(make_training):
    training = make_training(graph=True)
    forward = training.objective.forward

    def reading(*given):
        total, values = forward(*given)
        return total * float(total.detach() > 0), values

    training.objective.forward = reading
    training.step(np.arange(8))
    assert "_local_scalar_dense" in training.graphed.why_not


def test_a_weight_that_changes_within_the_epoch_is_not_recorded(make_training):
    training = make_training(graph=True, losses=["cosine:0.5,2~1"])
    training.step(np.arange(8))
    assert training.graphed.why_not == "a weight changes from step to step"


@pytest.mark.parametrize(
    ("text", "epoch", "asked"),
    [
        ("1", 1, False),
        ("1,3=2", 2, False),
        ("1,3=2", 3, False),
        ("0,2~1", 1, True),
        ("0,2~1", 3, False),
    ],
)
def test_a_constant_weight_does_not_ask_for_the_step(text, epoch, asked):
    step = graphed.Watched(epoch, 1, 5, 4)
    weight = Schedule.parse(text).at(step)
    assert getattr(step, "asked", False) is asked
    assert weight == Schedule.parse(text).at(Step(epoch, 1, 5, 4))

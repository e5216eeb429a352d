"""The objective by itself: what it asks for, leaves out, refuses and says of a prediction."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from lvmctl import LossOutput, LossSpec, Prediction, Schedule, Step
from lvmctl.core.errors import PluginError
from lvmctl.nn.objective import Objective, observed, score_list
from lvmctl.plan import PlannedPart
from lvmctl.registry import Entry, Plugin
from lvmctl.registry.find import Origin
from lvmctl.testing import random_batch

FIRST, SECOND = Step(1, 0, 2, 1), Step(2, 0, 2, 1)


class Loss(nn.Module):
    """1 for every window, under the name it is given for the epoch."""

    def __init__(self, *names: str, negatives: int = 0) -> None:
        super().__init__()
        self.called, self.negatives = names, negatives

    def forward(self, prediction, batch, step):
        return LossOutput({self.called[step.epoch - 1]: torch.ones(len(prediction.q))})


def objective(*losses: tuple[Loss, str]) -> Objective:
    """The losses, each with the schedule of its weight."""
    record = LossSpec(name="told", summary="A loss.", target="mine:Told")
    entry = Entry(record, Plugin(Origin("mine", "lvmctl-mine", "1", "mine"), "ok"))
    parts = [PlannedPart(entry, None, Schedule.parse(weight)) for _, weight in losses]
    return Objective(parts, [loss for loss, _ in losses])


def measured(goal: Objective, step: Step) -> list:
    batch = random_batch(3)
    return goal.measure(Prediction(batch.target), batch, step)


def test_as_many_negatives_are_drawn_as_the_loss_that_asks_for_most():
    goal = objective(
        (Loss("a", negatives=3), "1"), (Loss("b", negatives=5), "0,2=1"), (Loss("c"), "1")
    )
    assert goal.asks("negatives") == 5
    assert [goal.asks("negatives", epoch) for epoch in (1, 2)] == [3, 5]
    assert objective().asks("negatives") == 0


def test_a_loss_looked_at_alone_counts_also_where_its_schedule_has_nothing():
    goal = objective((Loss("a", "a"), "1"), (Loss("b", "b"), "0,2=3"))
    assert [list(value.terms) for value in measured(goal, FIRST)] == [["a"]]
    alone = goal.alone([1])
    for step in (FIRST, SECOND):
        (value,) = measured(alone, step)
        assert value.part.weight.at(step) * value.total.item() == 1


def test_a_loss_whose_names_change_is_refused():
    goal = objective((Loss("a", "b"), "1"))
    measured(goal, FIRST)
    measured(goal, FIRST)
    with pytest.raises(PluginError, match=r"loss told.*it gives b now and a before"):
        measured(goal, SECOND)


class Penalty(nn.Module):
    """A penalty on a parameter, which it logs too."""

    def __init__(self) -> None:
        super().__init__()
        self.size = nn.Parameter(torch.tensor(3.0))

    def forward(self, prediction, batch, step):
        return LossOutput({"square": self.size**2}, {"size": self.size})


def test_only_the_total_has_a_gradient():
    goal, batch = objective((Penalty(), "0.5")), random_batch(3)
    extras = {"scale": torch.ones((), requires_grad=True)}
    total, logged = goal(Prediction(batch.target, extras=extras), batch, FIRST)
    total.backward()
    assert goal.losses[0].size.grad == 3  # of ½·size²
    assert {name: value.item() for name, value in logged.items()} == {
        "loss": 4.5,
        "loss_square": 9,
        "size": 3,
        "scale": 1,
    }
    assert not any(value.requires_grad for value in logged.values())


@pytest.mark.parametrize("k", [1, 2, 5])
def test_the_entropy_of_weights_is_that_of_a_window(k):
    q = torch.zeros(6, 4)
    even, single = torch.full((6, k), 1 / k), torch.eye(k)[[0] * 6]
    for weights, entropy in ((even, math.log(k)), (single, 0.0)):
        values = observed(Prediction(q, weights=weights))
        assert values["alpha_entropy"].item() == pytest.approx(entropy, abs=1e-6)
    both = observed(Prediction(q, weights=torch.cat([even[:3], single[:3]])))
    assert both["alpha_entropy"].item() == pytest.approx(math.log(k) / 2, abs=1e-6)


class Cosines(nn.Module):
    """Scores by cosine with the newest chunk, and remembers what it was asked."""

    def score(self, context, pool):
        self.pool = pool
        return (pool.vectors * context[:, -1:]).sum(dim=-1)


def test_the_target_comes_first_and_is_always_a_candidate():
    batch, model = random_batch(8, negatives=4), Cosines()
    scores = score_list(model, batch)
    assert scores.shape == (8, 5)
    assert torch.allclose(scores[:, 0], (batch.target * batch.last).sum(dim=-1))
    assert torch.allclose(scores[:, 3], (batch.negatives[:, 2] * batch.last).sum(dim=-1))
    assert model.pool.candidates[:, 0].all()
    assert torch.equal(model.pool.candidates[:, 1:], batch.negative_mask)
    assert not batch.negative_mask.all()

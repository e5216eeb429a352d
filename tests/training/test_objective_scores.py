"""Losses that train a model's own score."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from lvmctl import Step
from lvmctl.core.errors import UsageError

PLUGIN = """
from dataclasses import dataclass
from lvmctl.nn.sequence.options import SequenceOptions
from lvmctl import LossSpec, ModelSpec, RecipeSpec, TrainingOptions, hookimpl, option


@dataclass(frozen=True, kw_only=True)
class Options(TrainingOptions, SequenceOptions):
    weight: str = option("1", "weight of the scores' loss")

@hookimpl
def lvmctl_recipes():
    return [RecipeSpec(name="judge", summary=".", target="judge.parts:compose", options=Options)]

@hookimpl
def lvmctl_models():
    return [ModelSpec(name="scaled", summary=".", target="judge.parts:Scaled", gives=("scores",))]

@hookimpl
def lvmctl_losses():
    need = {"target": "judge.parts:First", "needs_prediction": ("scores",)}
    return [LossSpec(name="first", summary=".", needs=("negative_mask",), **need),
            LossSpec(name="blind", summary=".", needs=("target",), **need)]
"""
PARTS = """
import torch
from lvmctl import Prediction
from lvmctl import Composition, Part

def compose(options):
    return Composition(Part("scaled"), (Part("first", weight=options.weight), Part("core/mse")))

class Scaled(torch.nn.Module):
    def __init__(self, options, shape):
        super().__init__()
        self.scale = torch.nn.Parameter(torch.ones(()))

    def forward(self, context):
        return Prediction(context[:, -1] * (self.scale / self.scale))

    def score(self, context, pool):
        return self.scale * (pool.vectors * context[:, -1:]).sum(dim=-1)

class First(torch.nn.Module):
    negatives = 3

    def forward(self, prediction, batch, step):
        others = prediction.scores[:, 1:].masked_fill(~batch.negative_mask, -torch.inf)
        scores = torch.cat([prediction.scores[:, :1], others], dim=1)
        return -scores.log_softmax(dim=1)[:, 0]
"""


@pytest.fixture(autouse=True)
def judge(plugged):
    files = {"judge/plugin.py": PLUGIN, "judge/parts.py": PARTS}
    plugged("lvmctl-judge", {"judge": "judge.plugin"}, files)


def predicted(training, epoch: int):
    """A prediction and the batch it is for."""
    batch, step = training.builder.batch(np.arange(6), 1, 0), Step(epoch, 0, 3, 1)
    return training.objective.predict(training.model, batch, step), batch, step


def test_the_loss_is_that_of_the_scores_of_each_list(make_training):
    training = make_training(recipe="judge", epochs=3)
    prediction, batch, step = predicted(training, 1)
    assert batch.negatives.shape[1] == 3
    total = 0.0
    for last, target, others, real in zip(
        batch.last, batch.target, batch.negatives, batch.negative_mask
    ):
        cosine = float(last @ target)
        scores = [cosine, *(float(last @ other) for other, yes in zip(others, real) if yes)]
        total += math.log(math.fsum(map(math.exp, scores))) - cosine
    _, values = training.objective(prediction, batch, step)
    assert values["loss_first"].item() == pytest.approx(total / 6, abs=1e-5)


def test_the_score_is_trained(make_training):
    training = make_training(recipe="judge", epochs=2, lr=0.05)
    training.fit()
    assert training.model.scale > 1.5
    first, second = training.records
    assert second["val"]["loss_first"] < first["val"]["loss_first"]


def test_nothing_is_scored_while_the_weight_is_zero(make_training):
    training = make_training(recipe="judge", epochs=3, weight="0,2=1")
    assert predicted(training, 1)[0].scores is None
    assert predicted(training, 2)[0].scores is not None


def test_a_score_is_told_the_articles_in_training_alone(make_training):
    training = make_training(recipe="judge")
    score, articles = training.model.score, []
    training.model.score = lambda *args: (articles.append(args[1].article), score(*args))[1]
    for mode in (True, False):
        training.model.train(mode)
        _, batch, _ = predicted(training, 1)
    assert torch.equal(articles[0], batch.article)
    assert articles[1] is None


def test_a_model_without_a_score_is_refused(make_training):
    message = "loss first needs the prediction's scores, which model p8/mixture does not give"
    with pytest.raises(UsageError, match=message):
        make_training(losses=["first"])


def test_a_loss_of_scores_has_to_know_what_is_scored(make_training):
    with pytest.raises(UsageError, match="loss blind needs scores, so it must need negative"):
        make_training(recipe="judge", losses=["blind"])

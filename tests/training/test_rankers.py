"""A model with its own score is ranked by it in the history, by ``best_by``, and for the reader."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from evaluation.means import mean_metrics
from recorder import Recorder
from training.small import TINY

from lvmctl import Pool, Run
from lvmctl.core.errors import Interrupted
from lvmctl.core.formatting import number
from lvmctl.evaluation.predictors import Predictor
from lvmctl.training import job
from lvmctl.training.rendering import key_rows, other_rows
from lvmctl.training.validation import on_device

WORLD = "synth:topic?articles=40&chunks=16&dim=16"
RANKED = ("r@1", "r@5", "mrr@10", "chance_r@5")


@pytest.fixture
def training(ranks, make_training):
    return make_training(recipe="ranks", data=WORLD, epochs=2, eval_every=1)


def test_the_history_ranks_by_score_and_q_stands_beside(training):
    val = training.validate()
    direct = val["direct"]
    # The score is that of direct, q is its opposite.
    assert {name: val[name] for name in RANKED} == {name: direct[name] for name in RANKED}
    assert val["5cat"]["B"] == direct["5cat"]["B"]
    windows = training.validation.builder.windows
    q = Predictor("ranks", lambda context: training.model(context).q)(windows)
    alone = mean_metrics(windows, q, min_article=TINY["min_article"])["in_article"]
    assert val["q"] == {
        **{name: alone["filtered"][name] for name in RANKED},
        "5cat": {
            "B": {
                rule: {name: alone[pool][name] for name in ("r@1", "r@5")}
                for rule, pool in (("seed", "unfiltered"), ("fair", "filtered"))
            }
        },
    }
    assert val["q"]["mrr@10"] < val["mrr@10"]
    assert val["cos_next"] == pytest.approx(np.mean(mean_metrics(windows, q)["cos_next"]))


def test_the_best_epoch_is_that_of_the_best_score(training, monkeypatch):
    training.fit()
    assert training.best["by"] == "mrr@10"
    assert training.best["value"] == training.records[0]["val"]["mrr@10"]
    assert training.best["value"] > training.records[0]["val"]["q"]["mrr@10"]


def test_models_without_a_score_have_no_figures_of_q_apart(make_training):
    assert "q" not in make_training().validate()


def test_a_signal_ends_the_ranking_between_articles(training):
    calls = []

    def check() -> None:
        calls.append(1)
        if len(calls) > 2:  # one batch of cosines, one article
            raise Interrupted(2, "enough")

    def score(context, pool):
        return context[:, -1] @ pool.vectors.T

    last = training.now()
    with pytest.raises(Interrupted):
        training.validation(
            training.model, training.objective, training.backend, last, check, score
        )
    assert len(calls) == 3


def test_a_score_is_asked_where_the_model_is():
    seen = set()

    def score(context, pool):
        seen.update(x.device.type for x in (context, pool.vectors, pool.candidates))
        return context[:, -1] @ pool.vectors.T

    there = on_device(score, torch.device("meta"), lambda: None)
    there(torch.ones(2, 3, 4), Pool(torch.ones(5, 4), torch.ones(2, 5, dtype=torch.bool)))
    assert seen == {"meta"}


def test_a_reader_is_shown_the_ranking_of_the_score(ranks, tmp_path):
    request = job.TrainRequest(
        "ranks", [("test", TINY | {"epochs": 1})], sources={"data": WORLD}, out=tmp_path / "run"
    )
    job.start(request, Recorder())
    val = json.loads((tmp_path / "run" / "training_history.json").read_text())[-1]["val"]
    best = Run(tmp_path / "run").best["val"]
    rows = {name: cells for name, *cells in [*key_rows(best), *other_rows(best)]}
    of_score, of_q = (number(part["r@5"]) for part in (val, val["q"]))
    assert rows["R@5"][:2] == [of_score, of_score]
    assert rows["R@5 of q alone"][:2] == [of_q, of_score]
    assert rows["MRR@10 of q alone"][0] == number(val["q"]["mrr@10"])

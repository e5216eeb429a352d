"""Losses of one recipe in another, typed and in experiments.toml, and what does not fit."""

from __future__ import annotations

import json

import pytest

DATA = "synth:topic?articles=24&chunks=16&dim=16"
SMALL = ("width=16", "layers=1", "heads=2", "feedforward=16", "min_article=6", "windows=60")
TYPED = [word for value in SMALL for word in ("--set", value)]


@pytest.fixture
def train(run_cli, tmp_path):
    """``train(*words)``: the history of a small run."""

    def make(*words: str) -> list[dict]:
        out = tmp_path / "run"
        done = run_cli("train", *words, "--data", DATA, "--out", str(out), *TYPED, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        return json.loads((out / "training_history.json").read_text())

    return make


def test_a_loss_of_another_plugin_joins_a_recipe(train):
    words = ("--plugin", "p8", "--epochs", "1", "--loss", "p7/infonce:.5")
    (record,) = train(*words, "--set", "p7/infonce.temperature=.5")
    metrics = record["train"]
    # Both log a term named rank: the second one is told apart by its full name.
    terms = ("loss_rank", "p7/infonce.loss_rank", "loss_margin", "loss_order")
    rank, contrast, margin, order = (metrics[term] for term in terms)
    assert metrics["loss"] == pytest.approx(rank + 0.5 * contrast + 0.5 * margin + 0.2 * order)
    assert contrast != rank


def test_losses_and_schedules_of_an_experiment(train, tmp_path):
    (tmp_path / "experiments.toml").write_text(
        '[mine]\nrecipe = "p8"\nepochs = 3\n'
        'losses = ["p7/infonce:0,2=.5", "listwise:1,3=0", "classic/rollout:0,3=.1"]\n'
    )
    first, second, third = (record["train"] for record in train("--experiment", "mine"))
    names = {"loss", "loss_margin", "loss_order", "order_accuracy", "alpha_entropy"}
    assert names | {"loss_rank"} == set(first)
    assert names | {"loss_rank", "p7/infonce.loss_rank"} == set(second)
    assert names | {"p7/infonce.loss_rank", "classic/rollout.loss_rollout"} == set(third)


def test_a_recipe_may_lose_all_its_own_losses(train):
    words = ("--plugin", "p7", "--epochs", "1", "--loss", "infonce:0", "--loss", "teacher-floor:0")
    (record,) = train(*words, "--loss", "previous-repel:0", "--loss", "cosine")
    terms = {name for name in record["train"] if "loss" in name}
    assert terms == {"loss", "loss_cosine"}


@pytest.mark.parametrize(
    ("words", "messages"),
    [
        (
            ("p7", "--set", "anchor_lambda=.3", "--context", "1", "--loss", "nope"),
            (
                "anchor_lambda: 0.3 is below 0.6",
                "no loss 'nope'",
                "gate directional-gate needs second_last, use --context 2 or more",
            ),
        ),
        (
            ("p8", "--context", "1", "--loss", "p7/anchor-floor", "--loss", "p6b/directional"),
            (
                "loss anchor-floor needs the prediction's raw, which model p8/mixture does not "
                "give, leave it out",
                "loss directional needs the prediction's raw",
                "loss directional needs second_last, use --context 2 or more",
            ),
        ),
        (
            ("p6b", "--set", "version=1", "--set", "directional.version=2"),
            ("version and directional.version are the same option, give one (--set)",),
        ),
        (
            ("p6b", "--horizon", "1", "--set", "version=9", "--loss", "mse:x"),
            (
                "horizon: 1 is not allowed, it is fixed at 2",
                "version: '9' is not one of 1, 2, 2.1, 2.2, 2.3",
                "invalid weight 'x'",
            ),
        ),
    ],
)
def test_what_does_not_fit_is_refused_all_at_once(run_cli, tmp_path, words, messages):
    out = tmp_path / "run"
    done = run_cli("train", "--plugin", *words, "--out", str(out))
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert [message for message in messages if message not in line] == []
    assert not out.exists()


RECIPE = """
from dataclasses import dataclass
from lvmctl import Composition, Part, RecipeSpec, TrainingOptions, hookimpl

@dataclass(frozen=True, kw_only=True)
class Options(TrainingOptions):
    pass

def compose(options):
    small = {"layers": 1, "width": 8, "heads": 2, "feedforward": 8}
    return Composition(Part("core/free", small), (Part("core/mse"),))

@hookimpl
def lvmctl_recipes():
    return [RecipeSpec(name="mine", summary="A.", target="mine.plugin:compose", options=Options)]
"""


def test_a_run_whose_recipe_is_gone_says_what_to_install(install, run_cli, tmp_path):
    site = install("lvmctl-mine", {"mine": "mine.plugin"}, {"mine/plugin.py": RECIPE})
    data = "synth:topic?articles=24&chunks=16&dim=8"
    words = ["train", "--plugin", "mine", "--data", data, "--epochs", "1", "--out", "run"]
    done = run_cli(*words, path=[site])
    assert done.returncode == 0, done.stderr
    for words in (["train", "--resume", "run", "--epochs", "2"], ["eval", "retrieval", "run"]):
        gone = run_cli(*words)
        assert gone.returncode == 2
        assert "pip install lvmctl-mine (it was made with 1.0)" in gone.stderr

"""``--level``: trained on, evaluated, diagnosed, and every level in one evaluation."""

from __future__ import annotations

import json
import random

import pytest
from cli.typed import typing

import lvmctl
from lvmctl.cli.main import run as main

SETS = ("layers=1", "width=8", "heads=2", "feedforward=8", "min_article=6", "context=3")
TRAIN = ("train", "--plugin", "p8", "--epochs", "1", *(w for s in SETS for w in ("--set", s)))
MEASURE = ("--context", "3", "--min-article", "6")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A store of 12 articles with sentences, which is split, and a run on its sentences."""
    place, draw = tmp_path_factory.mktemp("levels"), random.Random(0)
    nouns = ["river", "bridge", "baker", "bread", "hill", "town", "horse", "road", "letter"]

    def sentence() -> str:
        return f"The {draw.choice(nouns)} met the {draw.choice(nouns)} of the {draw.choice(nouns)}."

    texts = ["\n\n".join(f"{sentence()} {sentence()}" for _ in range(9)) for _ in range(12)]
    store = lvmctl.embed(texts, out=place / "books", min_texts=1, max_share=1.0, dim=8)
    store.assign_splits()
    lvmctl.add_level(store.path)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        assert main([*TRAIN, "--data", "books", "--level", "sentence", "--out", "run"]) == 0
    return place


@pytest.fixture
def typed(place, monkeypatch, capsys):
    """``typed(*words)`` runs ``lvmctl`` beside the store: exit code, stdout, stderr."""
    return typing(place, monkeypatch, capsys)


def test_a_run_keeps_the_level_that_it_was_trained_on(place, typed):
    config = lvmctl.Run(place / "run").config
    assert config["data"]["data"] == str(place / "books/levels/sentence")
    for words in ((), ("--data", "books@val")):
        code, out, err = typed("eval", "direction", "run", *words, "--json")
        assert code == 0, err
        assert json.loads(out)["data"]["val"]["name"] == "books/sentence@val"
    code, out, err = typed("eval", "direction", "run", "--level", "chunk", "--json")
    record = json.loads(out)
    assert (record["data"]["val"]["name"], record["data"]["train"]["name"]) == (
        "books@val",
        "books@train",
    )
    code, _, err = typed("train", "--resume", "run", "--level", "chunk")
    assert code == 2
    assert "keeps its level" in err


@pytest.mark.parametrize("command", ["baselines", "retrieval", "compare"])
def test_all_levels_are_evaluated_beneath_each_other(typed, command):
    run = [] if command == "baselines" else ["run"]
    data = ["--data", "books@val", *MEASURE] if command == "baselines" else []
    code, out, err = typed("eval", command, *run, *data, "--level", "all")
    assert code in (0, 1), err
    assert out.index("── level chunk\n") < out.index("\n\n── level sentence\n")
    _, out, _ = typed("eval", command, *run, *data, "--level", "all", "--json")
    record = json.loads(out)
    assert record["schema"] == f"lvmctl.eval.{command}.levels/1"
    levels = record["levels"]
    assert list(levels) == ["chunk", "sentence"]
    _, out, _ = typed("eval", command, *run, *data, "--level", "sentence", "--json")
    alone = json.loads(out)
    assert alone["schema"] == f"lvmctl.eval.{command}/1"
    assert levels["sentence"]["predictors"]["direct"] == alone["predictors"]["direct"]
    assert alone["windows"] > levels["chunk"]["windows"]


def test_the_five_tests_of_each_level_and_which_is_the_runs_own(place, typed, monkeypatch):
    blocks = {1: (1, 1), 256: (1, 1)}
    monkeypatch.setattr("lvmctl.evaluation.fivecat.latency.BLOCKS", blocks)
    code, out, err = typed("eval", "5cat", "run", "--level", "all", "--json")
    assert code in (0, 1), err
    levels = json.loads(out)["levels"]
    assert (levels["chunk"]["partial"], levels["sentence"]["partial"]) == (["--level"], [])
    assert all("direct" in level["sweep"] for level in levels.values())
    saved = {
        name: json.loads((place / "run" / name).read_text())["data"]["val"]["name"]
        for name in ("5cat_results.json", "5cat_partial.json")
    }
    assert list(saved.values()) == ["books/sentence@val", "books@val"]


def test_diagnostics_of_a_level(typed):
    code, out, err = typed("diagnose", "geometry", "books", "--level", "sentence", "--json")
    assert code == 0, err
    finer = json.loads(out)
    _, out, _ = typed("diagnose", "geometry", "books/levels/sentence", "--json")
    assert finer == json.loads(out)
    _, out, _ = typed("diagnose", "geometry", "books", "--json")
    assert finer != json.loads(out)
    assert typed("diagnose", "leakage", "books", "--level", "sentence")[0] in (0, 1)


@pytest.mark.parametrize(
    "words",
    [
        ("eval", "baselines", "--data", "books", "--level", "page"),
        ("eval", "direction", "run", "--level", "page"),
        (*TRAIN, "--data", "books", "--level", "page"),
        ("diagnose", "geometry", "books", "--level", "page"),
    ],
)
def test_an_unknown_level_is_one_line_that_lists_those_there_are(typed, words):
    code, out, err = typed(*words)
    assert (code, out) == (3, "")
    assert "has no level 'page', only chunk, sentence;" in err.splitlines()[-1]
